package dev.ahjo.worker;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.step.StepReport.Stream;
import dev.ahjo.worker.step.PathGlob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * An {@code upload} step: copies the files into the spool and is done; they travel while later
 * steps change or remove the originals. The folder {@code artifacts} is there only when all are
 * copied.
 */
final class ArtifactUpload {
  private static final int PATH_LENGTH = 250;

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
      for (Path file : files) {
        if (step.stop().given()) {
          return StepRun.ended(Result.CANCELLED, step.stop().reason().orElse(""));
        }
        String name = PathGlob.name(workdir, file);
        if (name.length() > PATH_LENGTH
            || name.chars().anyMatch(c -> c < ' ' || c == 0x7f || c == '\\')) {
          return StepRun.ended(
              Result.FAILURE,
              "Expected paths of at most "
                  + PATH_LENGTH
                  + " characters, none of them a backslash or control character, but found '"
                  + name
                  + "'");
        }
        Path copy = half.resolve(name);
        Files.createDirectories(copy.toAbsolutePath().getParent());
        Files.copy(file, copy);
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
}
