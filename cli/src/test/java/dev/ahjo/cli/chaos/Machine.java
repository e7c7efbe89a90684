package dev.ahjo.cli.chaos;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** One machine: an address, a disk, a clock, and the processes that run on it. */
final class Machine implements AutoCloseable {
  /** Shuts an ext4 down as a power cut does: what was not forced to it is lost. */
  private static final long GOING_DOWN = 0x8004587DL;

  private static final int WITHOUT_LOG_FLUSH = 2;

  private final String name;
  private final String namespace;
  private final String address;
  private final Path folder;
  private boolean mounted;

  Machine(String name, String namespace, String address, Path folder) throws IOException {
    this.name = name;
    this.namespace = namespace;
    this.address = address;
    this.folder = Files.createDirectories(folder);
    Files.createDirectories(disk());
    setClock("+0");
  }

  String name() {
    return name;
  }

  String namespace() {
    return namespace;
  }

  String address() {
    return address;
  }

  /** What its processes are told to keep. */
  Path disk() {
    return folder.resolve("disk");
  }

  /** What they print. */
  Path output(String process) {
    return folder.resolve(process + ".out");
  }

  @Override
  public String toString() {
    return name;
  }

  // Processes

  /** Starts one that ends with the machine, or when it is killed. */
  Process start(String process, List<String> command, Map<String, String> environment)
      throws IOException {
    List<String> words = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + namespace));
    words.addAll(command);
    var builder =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output(process).toFile()));
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** The ids of all processes on it, steps and strays too. */
  List<Long> processes() throws IOException {
    String ids = Machines.must("ip", "netns", "pids", namespace);
    return ids.lines().filter(line -> !line.isBlank()).map(Long::valueOf).toList();
  }

  private void signal(String signal, List<Long> processes) {
    List<String> words = new ArrayList<>(List.of("kill", "-" + signal));
    processes.forEach(id -> words.add(Long.toString(id)));
    if (!processes.isEmpty()) {
      Machines.run(words, false); // some may have ended by themselves
    }
  }

  /** Kills everything on it at once, and waits until it is gone. */
  void killAll() throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    List<Long> left = processes();
    while (!left.isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new IOException("Could not kill " + left + " on " + name);
      }
      signal("KILL", left);
      LockSupport.parkNanos(20_000_000);
      left = processes();
    }
  }

  void pause() throws IOException {
    signal("STOP", processes());
  }

  void resume() throws IOException {
    signal("CONT", processes());
  }

  // Clock

  /** Whether clocks can be set here. */
  static Optional<Path> fakeClock() {
    try (Stream<Path> libraries = Files.list(Path.of("/usr/lib"))) {
      return libraries
          .map(each -> each.resolve("faketime/libfaketimeMT.so.1"))
          .filter(Files::exists)
          .findFirst();
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  /**
   * Sets the clock of those that were started with {@link #clocked}.
   *
   * @param by such as {@code +90s} or {@code -2h}, from the true time
   */
  void setClock(String by) throws IOException {
    Path half = Files.writeString(folder.resolve("clock.half"), by + "\n");
    Files.move(
        half,
        folder.resolve("clock"),
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  /** The environment of a process whose clock on the wall can be set; others stay as they are. */
  Map<String, String> clocked() {
    return fakeClock()
        .map(library ->
            Map.of(
                "LD_PRELOAD", library.toString(),
                "FAKETIME_TIMESTAMP_FILE", folder.resolve("clock").toString(),
                "FAKETIME_CACHE_DURATION", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "FAKETIME_FORCE_MONOTONIC_FIX", "0",
                "FAKETIME_DONT_RESET", "1"))
        .orElse(Map.of());
  }

  // Disk

  /** Gives it a disk of its own. */
  Machine withDisk(String size) throws IOException {
    Path image = folder.resolve("disk.img");
    Machines.must("truncate", "-s", size, image.toString());
    Machines.must("mkfs.ext4", "-q", image.toString());
    mount();
    return this;
  }

  private void mount() throws IOException {
    Machines.must("mount", "-o", "loop", folder.resolve("disk.img").toString(), disk().toString());
    mounted = true;
  }

  /** Whoever was killed may hold it a little longer. */
  private void unmount() throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!Machines.run(List.of("umount", disk().toString()), false).ok()) {
      if (System.nanoTime() > deadline) {
        throw new IOException("Could not unmount " + disk());
      }
      LockSupport.parkNanos(50_000_000);
    }
    mounted = false;
  }

  /**
   * Everything on it dies at once, and what was not forced to its disk is lost; then the disk is
   * there again. Answers whether something was.
   */
  boolean cutPower() throws IOException {
    pause();
    Path unforced = Files.writeString(disk().resolve("unforced"), "never forced");
    goDown();
    killAll();
    unmount();
    mount();
    // Its name may have been forced along with another file, its bytes not.
    return Files.notExists(unforced) || Files.size(unforced) == 0;
  }

  private void goDown() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle open =
          call(
              "open",
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
              2);
      MethodHandle control =
          call(
              "ioctl",
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.ADDRESS),
              2);
      MethodHandle close =
          call("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT), 1);
      MemorySegment how = arena.allocateFrom(ValueLayout.JAVA_INT, WITHOUT_LOG_FLUSH);
      int file = (int) open.invokeExact(arena.allocateFrom(disk().toString()), 0);
      int failed = file < 0 ? file : (int) control.invokeExact(file, GOING_DOWN, how);
      if (file >= 0) {
        int ignored = (int) close.invokeExact(file);
      }
      if (failed != 0) {
        throw new IOException("The disk of " + name + " could not be cut off");
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new IOException("A system call could not be made", impossible);
    }
  }

  private static MethodHandle call(String function, FunctionDescriptor shape, int fixed) {
    Linker linker = Linker.nativeLinker();
    MemorySegment at = linker.defaultLookup().find(function).orElseThrow();
    return fixed == shape.argumentLayouts().size()
        ? linker.downcallHandle(at, shape)
        : linker.downcallHandle(at, shape, Linker.Option.firstVariadicArg(fixed));
  }

  /** Makes the disk full to its last byte. */
  void fill() throws IOException {
    FileStore store = Files.getFileStore(disk());
    Path filler = disk().resolve("filler");
    // Reserved at once: writing gigabytes would slow everybody.
    long free = store.getUsableSpace();
    while (free > 0 && !allocate(filler, free)) {
      free -= Math.max(4096, free / 50);
    }
    Machines.run(
        List.of("dd", "if=/dev/zero", "of=" + filler + ".rest", "bs=4k", "count=100000"), false);
  }

  private static boolean allocate(Path file, long bytes) {
    return Machines.run(List.of("fallocate", "-l", Long.toString(bytes), file.toString()), false)
        .ok();
  }

  void unfill() throws IOException {
    Files.deleteIfExists(disk().resolve("filler"));
    Files.deleteIfExists(disk().resolve("filler.rest"));
  }

  static boolean canSlowDisks() {
    return Files.isDirectory(Path.of("/sys/fs/cgroup/blkio"));
  }

  /**
   * Lets the processes read and write so many times a second, 0 for as often as they like. Answers
   * whether this system can do that.
   */
  boolean slowDisk(int operations) throws IOException {
    Path group = Path.of("/sys/fs/cgroup/blkio/" + namespace);
    if (!canSlowDisks()) {
      return false;
    }
    Files.createDirectories(group);
    String source = Machines.must("findmnt", "-no", "SOURCE", disk().toString());
    String device = Machines.must("lsblk", "-dno", "MAJ:MIN", source).strip();
    for (String direction : List.of("write", "read")) {
      Files.writeString(
          group.resolve("blkio.throttle." + direction + "_iops_device"),
          device + " " + operations + "\n");
    }
    for (long id : processes()) {
      Machines.run(List.of("sh", "-c", "echo " + id + " > " + group + "/cgroup.procs"), false);
    }
    return true;
  }

  /** How long it takes one of its processes to force a few bytes to its disk. */
  long forcedIn() throws IOException {
    String group = "/sys/fs/cgroup/blkio/" + namespace + "/cgroup.procs";
    long begun = System.nanoTime();
    Machines.run(
        List.of(
            "sh",
            "-c",
            "[ -f %s ] && echo $$ > %s; dd if=/dev/zero of=%s bs=4k count=8 oflag=dsync"
                .formatted(group, group, disk().resolve("probe"))),
        false);
    return System.nanoTime() - begun;
  }

  /** Bytes that are free on its disk. */
  long free() throws IOException {
    return Files.getFileStore(disk()).getUsableSpace();
  }

  /** Appends to a file beside its disk, which no fault touches. */
  void note(String text) throws IOException {
    Files.writeString(
        folder.resolve("notes"), text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Override
  public void close() throws IOException {
    resume();
    killAll();
    if (mounted) {
      unmount();
    }
    Machines.run(List.of("rmdir", "/sys/fs/cgroup/blkio/" + namespace), false);
  }
}
