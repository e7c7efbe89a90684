package dev.ahjo.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which project files a node has applied, over its restarts: a node of a farm that starts must not
 * put its old files over what was defined since by another node, or over HTTP. Kept as the digest
 * of each file, in one small file of the node's own; where that is lost, all is applied again.
 * Confined to the thread that looks at the folder.
 */
final class AppliedFiles {
  private static final Logger LOG = LoggerFactory.getLogger(AppliedFiles.class);

  private final Path memory;
  private final String farm;
  private final Map<String, String> digests = new TreeMap<>();

  private AppliedFiles(Path memory, String farm) {
    this.memory = memory;
    this.farm = farm;
  }

  /**
   * Reads what was kept.
   *
   * @param farm by which one store is told from another: what was applied there was not here
   */
  static AppliedFiles kept(Path memory, String farm) {
    var applied = new AppliedFiles(memory, farm);
    try {
      if (Files.exists(memory)) {
        applied.read(Files.readAllLines(memory));
      }
    } catch (IOException unreadable) {
      LOG.warn("{} can't be read, so all project files are applied: {}", memory, unreadable);
    }
    return applied;
  }

  private void read(List<String> lines) {
    if (lines.isEmpty() || !lines.getFirst().equals(farm)) {
      return;
    }
    for (String line : lines.subList(1, lines.size())) {
      int space = line.indexOf(' ');
      if (space > 0) {
        digests.put(line.substring(space + 1), line.substring(0, space));
      }
    }
  }

  /** Whether it was these bytes that were applied last of that file. */
  boolean has(Path file, byte[] bytes) {
    return digest(bytes).equals(digests.get(name(file)));
  }

  void put(Path file, byte[] bytes) {
    if (!digest(bytes).equals(digests.put(name(file), digest(bytes)))) {
      write();
    }
  }

  /** Forgets files that are gone: one that comes back is applied. */
  void retain(Collection<Path> files) {
    if (digests.keySet().retainAll(files.stream().map(AppliedFiles::name).toList())) {
      write();
    }
  }

  private void write() {
    List<String> lines = new ArrayList<>(List.of(farm));
    digests.forEach((file, digest) -> lines.add(digest + " " + file));
    try {
      Files.createDirectories(memory.toAbsolutePath().getParent());
      Path next = memory.resolveSibling(memory.getFileName() + ".new");
      Files.write(next, lines);
      Files.move(next, memory, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException unwritable) {
      LOG.warn(
          "{} can't be written, so the next start applies all project files: {}",
          memory,
          unwritable.toString());
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
