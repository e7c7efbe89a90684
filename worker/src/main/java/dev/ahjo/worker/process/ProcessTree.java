package dev.ahjo.worker.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All processes of a step, however they ran away: those that carry its mark in their environment,
 * those in a session that one of them leads, and the children of all these.
 */
public final class ProcessTree {
  private static final Path PROC = Path.of("/proc");
  private static final Duration KILL_FOR = Duration.ofSeconds(5);

  private final String mark;
  private final boolean prefix;
  private final long spared;

  /** Kept from look to look: a session outlives its leader, by whom it was recognised. */
  private final Set<Long> sessions = new HashSet<>();

  /** The tree of one step; its supervisor {@code spared} is left to tell of the end. */
  public ProcessTree(String mark, long spared) {
    this(mark, false, spared);
  }

  private ProcessTree(String mark, boolean prefix, long spared) {
    this.mark = mark;
    this.prefix = prefix;
    this.spared = spared;
  }

  /** What all steps whose mark begins so have left behind, their supervisors too. */
  public static ProcessTree leftBy(String markPrefix) {
    return new ProcessTree(markPrefix, true, -1);
  }

  /**
   * TERM to each, KILL after {@code grace} to what is left; answers whether all are gone. A process
   * may start another while it is looked for, so it looks until it finds nothing.
   */
  public boolean end(Duration grace) throws InterruptedException {
    long now = System.nanoTime();
    long killAt = now + grace.toNanos();
    long giveUpAt = killAt + KILL_FOR.toNanos();
    var told = new HashSet<Long>();
    long pause = 5;
    while (true) {
      Set<ProcessHandle> alive = members();
      if (alive.isEmpty()) {
        return true;
      }
      boolean kill = System.nanoTime() - killAt >= 0;
      for (ProcessHandle process : alive) {
        if (kill) {
          process.destroyForcibly();
        } else if (told.add(process.pid())) {
          process.destroy();
        }
      }
      if (System.nanoTime() - giveUpAt >= 0) {
        return false;
      }
      Thread.sleep(pause);
      pause = Math.min(100, pause * 2);
    }
  }

  /** The processes that are alive now. */
  public Set<ProcessHandle> members() {
    var found = new HashSet<ProcessHandle>();
    if (!Files.isDirectory(PROC.resolve("self"))) {
      ProcessHandle.of(spared).ifPresent(s -> s.descendants().forEach(found::add));
      return found;
    }
    Map<Long, Stat> all = stats();
    var members = new HashSet<Long>();
    all.keySet().stream().filter(pid -> carriesMark(pid).orElse(false)).forEach(members::add);
    boolean grew = !members.isEmpty() || !sessions.isEmpty();
    while (grew) {
      grew = false;
      for (var entry : all.entrySet()) {
        Stat stat = entry.getValue();
        if (members.contains(entry.getKey()) && entry.getKey() == stat.session()) {
          sessions.add(stat.session());
        }
        if ((members.contains(stat.parent()) || sessions.contains(stat.session()))
            && members.add(entry.getKey())) {
          grew = true;
        }
      }
    }
    members.remove(spared);
    members.remove(ProcessHandle.current().pid());
    members.forEach(pid -> {
      Stat stat = all.get(pid);
      if (stat != null && !stat.dead()) {
        ProcessHandle.of(pid).filter(ProcessHandle::isAlive).ifPresent(found::add);
      }
    });
    return found;
  }

  private record Stat(long parent, long session, boolean dead) {}

  private static Map<Long, Stat> stats() {
    var all = new HashMap<Long, Stat>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path folder : folders) {
        try {
          String text = Files.readString(folder.resolve("stat"), StandardCharsets.ISO_8859_1);
          // pid (name, which may hold anything) state parent group session ...
          String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", 5);
          all.put(
              Long.parseLong(folder.getFileName().toString()),
              new Stat(
                  Long.parseLong(fields[1]),
                  Long.parseLong(fields[3]),
                  fields[0].equals("Z") || fields[0].equals("X")));
        } catch (IOException | RuntimeException gone) {
          // it ended while it was looked at
        }
      }
    } catch (IOException unreadable) {
      return Map.of();
    }
    return all;
  }

  private Optional<Boolean> carriesMark(long pid) {
    return environment(pid).map(text -> text.contains(line(mark) + (prefix ? "" : "\0")));
  }

  /** Whether a process carries a mark; empty where the system does not tell. */
  static Optional<Boolean> marked(long pid, String mark) {
    return environment(pid).map(text -> text.contains(line(mark) + "\0"));
  }

  private static String line(String mark) {
    return "\0" + Supervised.MARK + "=" + mark;
  }

  private static Optional<String> environment(long pid) {
    try {
      byte[] bytes = Files.readAllBytes(PROC.resolve(Long.toString(pid)).resolve("environ"));
      return Optional.of("\0" + new String(bytes, StandardCharsets.ISO_8859_1));
    } catch (IOException | RuntimeException hidden) {
      return Optional.empty();
    }
  }
}
