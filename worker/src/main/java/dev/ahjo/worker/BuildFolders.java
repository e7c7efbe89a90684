package dev.ahjo.worker;

import dev.ahjo.core.id.BuilderKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders in which builds happen: {@code work/PROJECT/BUILDER}, used again by the builder's
 * next build; builds of one builder at the same time get {@code BUILDER~2} and so on. Beyond a
 * limit, the folders that were not used for longest are removed.
 */
final class BuildFolders {
  private static final Logger LOG = LoggerFactory.getLogger(BuildFolders.class);

  private final Path work;
  private final int keep;
  private final Set<Path> inUse = new HashSet<>();

  BuildFolders(Path work, int keep) {
    this.work = work;
    this.keep = keep;
  }

  /** A folder that no other build has now. */
  synchronized Path take(BuilderKey builder) throws IOException {
    Path project = work.resolve(builder.project().value());
    for (int i = 1; ; i++) {
      // no name has a tilde, so this is no other builder's
      Path folder = project.resolve(builder.builder().value() + (i == 1 ? "" : "~" + i));
      if (inUse.add(folder)) {
        try {
          Files.createDirectories(folder);
        } catch (IOException e) {
          inUse.remove(folder);
          throw e;
        }
        return folder;
      }
    }
  }

  /** How a folder is found after the agent was started again. */
  String name(Path folder) {
    return work.relativize(folder).toString();
  }

  Path called(String name) {
    return work.resolve(name);
  }

  /** The folder that a build had before the agent was started again. */
  synchronized void takeAgain(Path folder) throws IOException {
    inUse.add(folder);
    Files.createDirectories(folder);
  }

  /** Gives a folder back. */
  synchronized void release(Path folder) {
    inUse.remove(folder);
    try {
      Files.setLastModifiedTime(folder, FileTime.from(Instant.now()));
    } catch (IOException gone) {
      LOG.debug("Could not touch {}", folder);
    }
  }

  /** Removes what is too much. */
  void trim() {
    List<Path> tooMany;
    synchronized (this) {
      tooMany = tooMany();
      // nobody may take one while it is being removed
      inUse.addAll(tooMany);
    }
    for (Path old : tooMany) {
      try {
        DataFolder.remove(old);
      } catch (IOException e) {
        LOG.warn("Could not remove the build folder {}: {}", old, e.toString());
      }
    }
    synchronized (this) {
      inUse.removeAll(tooMany);
    }
  }

  private List<Path> tooMany() {
    var unused = new ArrayList<Path>();
    try (Stream<Path> projects = Files.list(work)) {
      for (Path project : projects.toList()) {
        try (Stream<Path> folders = Files.list(project)) {
          folders.filter(f -> !inUse.contains(f)).forEach(unused::add);
        }
      }
    } catch (IOException e) {
      LOG.warn("Could not list the build folders in {}: {}", work, e.toString());
      return List.of();
    }
    if (unused.size() <= keep) {
      return List.of();
    }
    unused.sort(Comparator.comparing(BuildFolders::lastUse));
    return List.copyOf(unused.subList(0, unused.size() - keep));
  }

  private static FileTime lastUse(Path folder) {
    try {
      return Files.getLastModifiedTime(folder);
    } catch (IOException gone) {
      return FileTime.fromMillis(0);
    }
  }
}
