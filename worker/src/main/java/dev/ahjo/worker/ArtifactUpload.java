package dev.ahjo.worker;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.step.StepReport.Stream;
import dev.ahjo.worker.step.PathGlob;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An {@code upload} step: copies the files into the spool and is done; they travel while later
 * steps change or remove the originals. The folder {@code artifacts} is there only when all are
 * copied.
 */
final class ArtifactUpload {
  private static final int PATH_LENGTH = 250;

  /** Bytes of all paths of one upload: they are told in one message. */
  private static final int NAMES = 192 * 1024;

  private static final int PIECE = 256 * 1024;

  private final StepRun step;
  private final StepDefinition.Kind.Upload upload;

  ArtifactUpload(StepRun step, StepDefinition.Kind.Upload upload) {
    this.step = step;
    this.upload = upload;
  }

  static Path artifacts(Path spool) {
    return spool.resolve("artifacts");
  }

  StepOutcome run() throws IOException, StepRun.Unrunnable {
    Path artifacts = artifacts(step.spool());
    if (Files.notExists(artifacts)) {
      Path half = step.spool().resolve("artifacts.half");
      DataFolder.remove(half);
      Path workdir = step.workdir();
      String glob = step.fill(upload.files());
      int limit = step.held().site().settings().limits().artifacts();
      List<Path> files = PathGlob.of(glob).files(workdir, limit);
      if (files.isEmpty()) {
        return StepRun.ended(Result.FAILURE, "No file matches '" + glob + "'");
      }
      if (files.size() > limit) {
        return StepRun.ended(
            Result.FAILURE,
            "Expected at most " + limit + " files for one upload, but more match '" + glob + "'");
      }
      Optional<StepOutcome> wrong = tooMuch(workdir, files, glob);
      if (wrong.isEmpty()) {
        wrong = copy(workdir, files, half);
      }
      if (wrong.isPresent()) {
        DataFolder.remove(half);
        return wrong.get();
      }
      Files.move(half, artifacts, StandardCopyOption.ATOMIC_MOVE);
    }
    var streams = new ArrayList<Stream>();
    for (Path file : PathGlob.of("**").files(artifacts, Integer.MAX_VALUE - 1)) {
      long size = Files.size(file);
      String name = PathGlob.name(artifacts, file);
      StreamKey key = step.held().key(step.index(), StreamKey.Kind.ARTIFACT, name);
      step.held().openStream(key, file, size);
      step.held().endStream(key, size);
      streams.add(new Stream(name, true, size));
    }
    return StepRun.success(streams);
  }

  /** What is known to be too much before anything is copied. */
  private Optional<StepOutcome> tooMuch(Path workdir, List<Path> files, String glob)
      throws IOException {
    long bytes = 0;
    long names = 0;
    for (Path file : files) {
      String name = PathGlob.name(workdir, file);
      if (name.length() > PATH_LENGTH
          || name.chars().anyMatch(c -> c < ' ' || c == 0x7f || c == '\\')) {
        return failure(
            "Expected paths of at most "
                + PATH_LENGTH
                + " characters, none of them a backslash or control character, but found '"
                + name
                + "'");
      }
      names += name.getBytes(StandardCharsets.UTF_8).length;
      bytes += Files.size(file);
    }
    if (names > NAMES) {
      return failure(
          "Expected paths of at most "
              + NAMES
              + " bytes together for one upload, but those that match '"
              + glob
              + "' have "
              + names);
    }
    return bytes > step.definition().maxOutput() ? failure(tooLarge()) : Optional.empty();
  }

  private String tooLarge() {
    return "Stopped because its files have more than "
        + step.definition().maxOutput()
        + " bytes (max_output)";
  }

  /** Files may grow while they are copied, and a person may not want to wait for a large one. */
  private Optional<StepOutcome> copy(Path workdir, List<Path> files, Path half) throws IOException {
    long left = step.definition().maxOutput();
    long begun = System.nanoTime();
    byte[] piece = new byte[PIECE];
    for (Path file : files) {
      Path copy = half.resolve(PathGlob.name(workdir, file));
      Files.createDirectories(copy.toAbsolutePath().getParent());
      try (InputStream in = Files.newInputStream(file);
          OutputStream out = Files.newOutputStream(copy, StandardOpenOption.CREATE_NEW)) {
        for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
          left -= read;
          if (left < 0) {
            return failure(tooLarge());
          }
          if (step.stop().given()) {
            return Optional.of(StepRun.ended(Result.CANCELLED, step.stop().reason().orElse("")));
          }
          if (System.nanoTime() - begun > step.definition().maxTime().toNanos()) {
            return failure("Stopped because the copying took longer than max_time");
          }
          out.write(piece, 0, read);
        }
      }
      // The step's end is believed after a power cut, too.
      try (var kept = FileChannel.open(copy, StandardOpenOption.WRITE)) {
        kept.force(true);
      }
    }
    return Optional.empty();
  }

  private static Optional<StepOutcome> failure(String problem) {
    return Optional.of(StepRun.ended(Result.FAILURE, problem));
  }
}
