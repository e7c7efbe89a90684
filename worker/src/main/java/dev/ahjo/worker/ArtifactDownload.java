package dev.ahjo.worker;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Protocol.Artifacts;
import dev.ahjo.core.worker.Protocol.Fetch;
import dev.ahjo.core.worker.Protocol.Fetched;
import dev.ahjo.core.worker.Protocol.ListArtifacts;
import dev.ahjo.wire.ArtifactList;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * A {@code download} step: asks the gate for the artifacts of a needed builder's build and writes
 * them into the workdir. Begun anew after a restart of the agent; a file appears when it is whole.
 */
final class ArtifactDownload {
  /** Files that one step may take: what is more is hardly meant, and fills a disk by inodes. */
  static final int MAX_FILES = 100_000;

  private final StepRun step;
  private final StepDefinition.Kind.Download download;
  private long heardAt = System.nanoTime();
  private final long beganAt = System.nanoTime();

  ArtifactDownload(StepRun step, StepDefinition.Kind.Download download) {
    this.step = step;
    this.download = download;
  }

  StepOutcome run() throws InterruptedException, IOException, StepRun.Unrunnable {
    BuildKey from = step.held().plan().inputs().get(download.builder());
    if (from == null) {
      throw new StepRun.Unrunnable(
          "Expected a build of '"
              + download.builder()
              + "' in the same buildset to download from, but there is none; is it under needs?");
    }
    String glob = step.fill(download.files());
    Path workdir = step.workdir();
    Asks asks = step.held().site().asks();
    try {
      int taken = 0;
      List<StreamKey> page = page(asks, from, glob, Optional.empty());
      while (!page.isEmpty()) {
        taken += page.size();
        if (taken > MAX_FILES) {
          return StepRun.ended(
              Result.FAILURE,
              "Expected at most %d files to match '%s' in %s, but found more;"
                      .formatted(MAX_FILES, glob, from)
                  + " download them by several steps");
        }
        for (StreamKey stream : page) {
          fetch(asks, stream, workdir);
        }
        page =
            ArtifactList.isFull(page)
                ? page(asks, from, glob, Optional.of(page.getLast()))
                : List.of();
      }
      return taken == 0
          ? StepRun.ended(Result.FAILURE, "No file matches '" + glob + "' in " + from)
          : StepRun.success(List.of());
    } catch (TimeoutException enough) {
      return step.stop().given()
          ? StepRun.ended(Result.CANCELLED, step.stop().reason().orElse(""))
          : StepRun.ended(
              Result.FAILURE,
              "Stopped because the artifacts of " + from + " took too long to come");
    }
  }

  private List<StreamKey> page(Asks asks, BuildKey from, String glob, Optional<StreamKey> after)
      throws InterruptedException, TimeoutException, IOException {
    List<StreamKey> page =
        asks.ask(ask -> new ListArtifacts(ask, from, glob, after), Artifacts.class, enough())
            .streams();
    heardAt = System.nanoTime();
    // A gate of an older version begins anew each time: better to fail than to go round for ever.
    if (after.isPresent()
        && !page.isEmpty()
        && !ArtifactList.isAfter(page.getFirst(), after.get())) {
      throw new IOException(
          "Expected artifacts after "
              + after.get().name()
              + ", but found "
              + page.getFirst().name()
              + "; is the node older than this worker?");
    }
    return page;
  }

  private BooleanSupplier enough() {
    return () ->
        step.stop().given()
            || System.nanoTime() - heardAt > step.definition().timeout().toNanos()
            || System.nanoTime() - beganAt > step.definition().maxTime().toNanos();
  }

  private void fetch(Asks asks, StreamKey stream, Path workdir)
      throws InterruptedException, TimeoutException, IOException, StepRun.Unrunnable {
    Path target = workdir.resolve(stream.name()).normalize();
    if (!target.startsWith(workdir) || target.equals(workdir)) {
      throw new StepRun.Unrunnable(
          "Expected the artifact's path within the workdir, but found '" + stream.name() + "'");
    }
    // within the workdir, and not the workdir itself
    Path folder = Objects.requireNonNull(target.getParent());
    Files.createDirectories(folder);
    if (!folder.toRealPath().startsWith(workdir.toRealPath())) {
      throw new StepRun.Unrunnable(
          "Expected the artifact's path within the workdir, but '"
              + stream.name()
              + "' leads out of it by a link");
    }
    Path half = step.spool().resolve("download.half");
    try (OutputStream out = Files.newOutputStream(half)) {
      long offset = 0;
      boolean last = false;
      while (!last) {
        long at = offset;
        Chunk chunk =
            asks.ask(ask -> new Fetch(ask, stream, at, Optional.empty()), Fetched.class, enough())
                .chunk();
        heardAt = System.nanoTime();
        if (chunk.offset() != at || chunk.length() > Chunk.MAX_LENGTH || chunk.length() < 0) {
          throw new IOException(
              "Expected bytes of "
                  + stream.name()
                  + " from "
                  + at
                  + ", but found "
                  + chunk.offset());
        }
        if (chunk.length() > 0) {
          out.write(Zstd.decompress(chunk.zstd(), chunk.length()));
        } else if (!chunk.last()) {
          throw new IOException("Expected more of " + stream.name() + " after byte " + at);
        }
        offset = chunk.end();
        last = chunk.last();
      }
    }
    Files.move(half, target, StandardCopyOption.REPLACE_EXISTING);
  }
}
