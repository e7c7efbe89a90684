package dev.ahjo.cluster;

import dev.ahjo.config.ProjectFiles;
import dev.ahjo.config.Reading;
import dev.ahjo.config.yaml.Document;
import dev.ahjo.core.Farm;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.project.ProjectDefinition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's folder of project files, looked at now and then: a valid change takes effect whole, an
 * invalid one changes nothing and says why. A look, not the system's notices, because those miss
 * what is written over a network's file system; it costs a few reads of small files.
 *
 * <p>A file is taken when two looks have found the same bytes, so that none is read half written. A
 * file that goes away removes no project: that is said over HTTP.
 */
final class ProjectFolder implements AutoCloseable {
  static final Duration LOOK = Duration.ofSeconds(1);

  /** More files than this are not looked at. */
  private static final int MAX_FILES = 10_000;

  private static final String FILE = "[^.].*\\.(ya?ml|json)";

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Logger LOG = LoggerFactory.getLogger(ProjectFolder.class);

  private final Path folder;
  private final Farm farm;
  private final Optional<AppliedFiles> applied;
  private final Map<Path, byte[]> seen = new HashMap<>();
  private final Map<Path, byte[]> settled = new HashMap<>();
  private final ScheduledExecutorService looks =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("ahjo-projects").daemon().factory());

  private ProjectFolder(Path folder, Farm farm, Optional<AppliedFiles> applied) {
    this.folder = folder;
    this.farm = farm;
    this.applied = applied;
  }

  /**
   * Looks at the folder from now on.
   *
   * @param applied what was applied in former lives of the node, and needs not be again; without
   *     it, all is applied once
   */
  static ProjectFolder watch(
      Path folder, Farm farm, Optional<AppliedFiles> applied, Duration every) {
    var projects = new ProjectFolder(folder, farm, applied);
    var unused =
        projects.looks.scheduleWithFixedDelay(
            projects::look, 0, every.toMillis(), TimeUnit.MILLISECONDS);
    return projects;
  }

  private void look() {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> files =
          all.filter(file -> folder.relativize(file).toString().matches(FILE))
              .sorted()
              .limit(MAX_FILES)
              .toList();
      seen.keySet().retainAll(files);
      settled.keySet().retainAll(files);
      applied.ifPresent(known -> known.retain(files));
      for (Path file : files) {
        look(file);
      }
    } catch (IOException | RuntimeException failed) {
      LOG.error(
          "The projects in {} could not be looked at; the next look tries again", folder, failed);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(Path file) throws InterruptedException {
    byte[] bytes;
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > 2L * Document.MAX_BYTES) {
        return;
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      LOG.warn("Could not read the project file {}: {}", file, e.toString());
      return;
    }
    byte[] before = seen.put(file, bytes);
    if (Arrays.equals(before, bytes)
        && !Arrays.equals(settled.get(file), bytes)
        && take(file, bytes)) {
      settled.put(file, bytes);
    }
  }

  /** Whether an earlier life of this node has applied just that. */
  private boolean asBefore(Path file, byte[] bytes) {
    return !settled.containsKey(file)
        && applied.filter(known -> known.has(file, bytes)).isPresent();
  }

  /** Answers whether there is nothing more to try. */
  private boolean take(Path file, byte[] bytes) throws InterruptedException {
    String text = new String(bytes, StandardCharsets.UTF_8);
    Reading<ProjectDefinition> reading = ProjectFiles.read(file.toString(), text);
    if (!(reading instanceof Reading.Valid<ProjectDefinition>(ProjectDefinition project, var _))) {
      LOG.error("The project file {} changes nothing: it has errors", file);
      reading.problems().forEach(problem -> LOG.error("{}", problem));
      return true;
    }
    reading.problems().forEach(problem -> LOG.warn("{}", problem));
    try {
      if (asBefore(file, bytes)
          && farm.knows(project.name())
              .toCompletableFuture()
              .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        LOG.info("{} is as it was when this node applied it; what was defined since stands", file);
        return true;
      }
      Answer answer =
          farm.define(project, "file " + file.getFileName())
              .toCompletableFuture()
              .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (answer instanceof Answer.Done) {
        applied.ifPresent(known -> known.put(file, bytes));
      }
      switch (answer) {
        case Answer.Done done when done.changed() ->
            LOG.info("Project {} is as {} says", project.name(), file);
        case Answer.Done _ -> LOG.debug("{} says what is so", file);
        case Answer.Refused refused ->
            LOG.error("The project file {} changes nothing: {}", file, refused.why());
      }
      return true;
    } catch (ExecutionException | TimeoutException failed) {
      LOG.warn(
          "Could not define {} by {}: {}; trying again", project.name(), file, failed.toString());
      return false;
    }
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }
}
