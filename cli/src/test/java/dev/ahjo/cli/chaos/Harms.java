package dev.ahjo.cli.chaos;

import dev.ahjo.cli.chaos.Machines.Trouble;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;

/** How each fault is done, for how long, and how it is known to have been felt. */
final class Harms {
  /** Within so many seconds a connection is used, whatever else there is to say. */
  private static final double HEARTBEAT = 3.5;

  /** How long a busy worker may have nothing to do. */
  private static final Duration STEP_COMES = Duration.ofSeconds(20);

  private final ProcessFarm farm;
  private final Random chance;
  private final double pace;

  /**
   * @param pace what all times are multiplied with
   */
  Harms(ProcessFarm farm, Random chance, double pace) {
    this.farm = farm;
    this.chance = chance;
    this.pace = pace;
  }

  /** Does harm for a while; answers whether it was felt. */
  interface Harm {
    boolean bite() throws IOException;
  }

  /** Lets so much time pass, scaled; what ends by itself is started again meanwhile. */
  void last(double seconds) throws IOException {
    unscaled(seconds * pace);
  }

  private void unscaled(double seconds) throws IOException {
    long until = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(500)));
      farm.keep();
    }
  }

  /** Bites if it lived and is dead. */
  boolean killed(Machine machine, double seconds) throws IOException {
    boolean died = farm.kill(machine);
    last(seconds);
    back(machine);
    return died;
  }

  private void back(Machine machine) throws IOException {
    farm.start(machine);
    if (farm.store().isEmpty()) {
      farm.awaitReady();
    }
  }

  /** Bites if everything on it stood still. */
  boolean paused(Machine machine, double seconds) throws IOException {
    return stoodStill(machine, seconds * pace, Harms::stopped);
  }

  /**
   * A worker stands still until its builds have just been given up, and comes back while they are
   * tried again. Bites if it had one that takes long enough for that.
   */
  boolean away(Machine worker, double seconds) throws IOException {
    long deadline = System.nanoTime() + STEP_COMES.toNanos();
    while (worker.processes().stream().noneMatch(Harms::longStep) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    return stoodStill(worker, seconds, each -> longStep(each) && stopped(each));
  }

  /** Answers whether in the end there was such a process on it. */
  private boolean stoodStill(Machine machine, double seconds, LongPredicate felt)
      throws IOException {
    machine.pause();
    try {
      unscaled(seconds);
      return machine.processes().stream().anyMatch(felt::test);
    } finally {
      machine.resume();
    }
  }

  private static boolean longStep(long process) {
    try {
      return Files.readString(java.nio.file.Path.of("/proc/" + process + "/cmdline"))
          .replace('\0', ' ')
          .contains(ChaosRun.LONG);
    } catch (IOException gone) {
      return false;
    }
  }

  private static boolean stopped(long process) {
    try {
      return Files.readString(java.nio.file.Path.of("/proc/" + process + "/status"))
          .contains("State:\tT");
    } catch (IOException gone) {
      return false;
    }
  }

  /** Both ways, or one of them by chance. */
  boolean cut(Machine machine, List<Machine> others, double seconds, boolean bothWays)
      throws IOException {
    boolean outwards = bothWays || chance.nextBoolean();
    List<Trouble> troubles = new ArrayList<>();
    if (outwards) {
      troubles.add(farm.machines().cut(List.of(machine), others));
    }
    if (bothWays || !outwards) {
      troubles.add(farm.machines().cut(others, List.of(machine)));
    }
    return met(troubles, seconds);
  }

  boolean flapped(Machine machine, List<Machine> others) throws IOException {
    boolean bit = false;
    for (int i = 0; i < 5; i++) {
      bit |= cut(machine, others, 1, true);
      last(0.5);
    }
    return bit;
  }

  boolean lossy(Machine machine, List<Machine> others, int percent, double seconds)
      throws IOException {
    List<Machine> one = List.of(machine);
    return met(
        List.of(
            farm.machines().lose(one, others, percent), farm.machines().lose(others, one, percent)),
        seconds);
  }

  boolean delayed(Machine machine, String rate, double seconds) throws IOException {
    return met(List.of(farm.machines().delay(machine, rate)), seconds);
  }

  boolean reset(Machine machine, List<Machine> others) throws IOException {
    List<Machine> one = List.of(machine);
    var troubles = List.of(farm.machines().reset(one, others), farm.machines().reset(others, one));
    unscaled(farm.workers().contains(machine) ? HEARTBEAT : HEARTBEAT / 4);
    return met(troubles, 0);
  }

  /** Bites if any packet met it. */
  private boolean met(List<Trouble> troubles, double seconds) throws IOException {
    last(seconds);
    long hits = 0;
    for (Trouble trouble : troubles) {
      hits += trouble.hits();
      trouble.close();
    }
    return hits > 0;
  }

  /**
   * Bites if the process itself shows another time: a node in its answers, others in their maps.
   */
  boolean clockSet(Machine machine, double seconds) throws IOException {
    String by = List.of("+90s", "-2h", "+3h").get(chance.nextInt(3));
    machine.setClock(by);
    try {
      last(seconds);
      return farm.wrongClock(machine);
    } finally {
      machine.setClock("+0");
    }
  }

  /**
   * A worker is away, for less than its grace, and the nodes' clocks say more. Not scaled: a node
   * must notice the absence. Bites as both do.
   */
  boolean clockSetWhileCut(Machine worker) throws IOException {
    List<Machine> nodes = farm.nodes();
    try (Trouble up = farm.machines().cut(List.of(worker), nodes);
        Trouble down = farm.machines().cut(nodes, List.of(worker))) {
      unscaled(13);
      for (Machine node : nodes) {
        node.setClock("+90s");
      }
      unscaled(4);
      boolean wrong = true;
      for (Machine node : nodes) {
        wrong &= farm.wrongClock(node);
        node.setClock("+0");
      }
      return wrong && up.hits() + down.hits() > 0;
    }
  }

  /** Bites if a node says that it can't work, or not a byte can be written on another machine. */
  boolean full(Machine machine, double seconds) throws IOException {
    machine.fill();
    try {
      last(seconds);
      return farm.nodes().contains(machine) ? !farm.ready(machine) : machine.free() < 4096;
    } finally {
      machine.unfill();
    }
  }

  /** Bites if forcing a few bytes takes long. */
  boolean slow(Machine machine, double seconds) throws IOException {
    if (!machine.slowDisk(20)) {
      return false;
    }
    try {
      last(seconds / 2);
      boolean bit = machine.forcedIn() > 250_000_000L;
      last(seconds / 2);
      return bit;
    } finally {
      machine.slowDisk(0);
    }
  }

  /** Bites if what was not forced is gone. */
  boolean powerless(Machine machine, double seconds) throws IOException {
    farm.hold(machine);
    boolean lost = machine.cutPower();
    last(seconds);
    back(machine);
    return lost;
  }
}
