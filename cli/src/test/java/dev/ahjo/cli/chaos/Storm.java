package dev.ahjo.cli.chaos;

import dev.ahjo.cli.chaos.Machines.Trouble;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Faults one after the other, drawn by a seed: each kind for each sort of machine once, shuffled,
 * and again. A fault counts only if it was seen to bite; how, each kind says below.
 */
final class Storm {
  /** What may happen to whom. */
  enum Kind {
    KILL_NODE("kill"),
    KILL_WORKER("kill"),
    PAUSE_NODE("pause"),
    PAUSE_WORKER("pause"),
    CUT_WORKER("partition"),
    CUT_ONE_WAY("one-way"),
    FLAP("flap"),
    LOSS("loss"),
    DELAY("delay"),
    RESET("reset"),
    CLOCK_NODE("clock"),
    CLOCK_WORKER("clock"),
    CLOCK_WHILE_CUT("clock"),
    FULL_NODE("full-disk"),
    FULL_WORKER("full-disk"),
    SLOW_NODE("slow-disk"),
    POWER_NODE("powercut"),
    POWER_WORKER("powercut"),
    AWAY("away");

    final String fault;

    Kind(String fault) {
      this.fault = fault;
    }
  }

  private final ProcessFarm farm;
  private final Random chance;
  private final List<Kind> kinds;
  private final double pace;
  private final PrintStream record;
  private final PrintStream told;
  private final List<Kind> deck = new ArrayList<>();
  private int bitten;

  /**
   * @param kinds what may happen
   * @param pace 1 for faults of 3 to 12 seconds
   * @param told hears of each fault
   */
  Storm(ProcessFarm farm, long seed, List<Kind> kinds, double pace, PrintStream told)
      throws IOException {
    this.farm = farm;
    this.chance = new Random(seed);
    this.kinds = List.copyOf(kinds);
    this.pace = pace;
    this.told = told;
    this.record =
        new PrintStream(Files.newOutputStream(farm.record().resolve("storm.jsonl")), true);
  }

  /**
   * Rages until then, and on until enough faults have bitten, but not for more than four times as
   * long.
   */
  void rage(int seconds, int bites) throws IOException {
    long begun = System.nanoTime();
    long time = TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() - begun < (bitten < bites ? 4 * time : time)) {
      if (deck.isEmpty()) {
        deck.addAll(kinds);
        Collections.shuffle(deck, chance);
      }
      strike(deck.removeLast());
      last(0.5 + chance.nextDouble() * 2);
    }
  }

  private void strike(Kind kind) throws IOException {
    Machine node = farm.nodes().get(chance.nextInt(farm.nodes().size()));
    Machine worker = farm.workers().get(chance.nextInt(farm.workers().size()));
    double seconds = 3 + chance.nextDouble() * 9;
    switch (kind) {
      case KILL_NODE -> record(kind, node, () -> killed(node, seconds / 3));
      case KILL_WORKER -> record(kind, worker, () -> killed(worker, seconds / 3));
      case PAUSE_NODE -> record(kind, node, () -> paused(node, seconds / 2));
      case PAUSE_WORKER -> record(kind, worker, () -> paused(worker, seconds));
      case CUT_WORKER -> record(kind, worker, () -> cut(worker, seconds, true));
      case CUT_ONE_WAY -> record(kind, worker, () -> cut(worker, seconds, false));
      case FLAP -> record(kind, worker, () -> flapped(worker));
      case LOSS -> record(kind, worker, () -> met(lossy(worker, 25), seconds));
      case DELAY -> record(kind, worker, () -> met(List.of(delayed(worker)), seconds));
      case RESET -> record(kind, worker, () -> met(resetting(worker), 0.7));
      case CLOCK_NODE -> record(kind, node, () -> clockSet(node, seconds));
      case CLOCK_WORKER -> record(kind, worker, () -> clockSet(worker, seconds));
      case CLOCK_WHILE_CUT -> record(kind, worker, () -> clockSetWhileCut(node, worker));
      case FULL_NODE -> record(kind, node, () -> full(node, seconds));
      case FULL_WORKER -> record(kind, worker, () -> full(worker, seconds / 2));
      case SLOW_NODE -> record(kind, node, () -> slow(node, seconds));
      case POWER_NODE -> record(kind, node, () -> powerless(node, seconds / 4));
      case POWER_WORKER -> record(kind, worker, () -> powerless(worker, seconds / 4));
      case AWAY -> record(kind, worker, () -> pausedFor(worker, ChaosRun.GRACE_SECONDS + 15));
    }
  }

  /** Does harm for a while; answers whether it was felt. */
  private interface Harm {
    boolean bite() throws IOException;
  }

  private void record(Kind kind, Machine victim, Harm harm) throws IOException {
    long begun = Moment.now();
    told.printf("%s on %s ...%n", kind, victim);
    boolean bit = harm.bite();
    long ended = Moment.now();
    bitten += bit ? 1 : 0;
    record.println(
        Event.of(begun, "storm", "fault", kind.fault, victim.name()).until(ended, bit).line());
    told.printf(
        "%s on %s for %.1f s%s%n",
        kind, victim, (ended - begun) / 1e9, bit ? "" : ", and nobody felt it");
  }

  private void last(double seconds) {
    LockSupport.parkNanos((long) (seconds * pace * TimeUnit.SECONDS.toNanos(1)));
  }

  /** Bites if it lived and is dead. */
  private boolean killed(Machine machine, double seconds) throws IOException {
    boolean died = farm.kill(machine);
    last(seconds);
    back(machine);
    return died;
  }

  private void back(Machine machine) throws IOException {
    farm.start(machine);
    if (farm.nodes().contains(machine)) {
      ProcessFarm.await(machine + " is ready again", () -> farm.ready(machine));
    }
  }

  private boolean paused(Machine machine, double seconds) throws IOException {
    return pausedFor(machine, seconds * pace);
  }

  /** Bites if everything on it stood still. */
  private boolean pausedFor(Machine machine, double seconds) throws IOException {
    machine.pause();
    try {
      LockSupport.parkNanos((long) (seconds * TimeUnit.SECONDS.toNanos(1)));
      return machine.processes().stream().anyMatch(Storm::stopped);
    } finally {
      machine.resume();
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

  private boolean cut(Machine worker, double seconds, boolean bothWays) throws IOException {
    boolean upwards = bothWays || chance.nextBoolean();
    List<Trouble> troubles = new ArrayList<>();
    if (upwards) {
      troubles.add(farm.machines().cut(List.of(worker), farm.nodes()));
    }
    if (bothWays || !upwards) {
      troubles.add(farm.machines().cut(farm.nodes(), List.of(worker)));
    }
    return met(troubles, seconds);
  }

  private boolean flapped(Machine worker) throws IOException {
    boolean bit = false;
    for (int i = 0; i < 5; i++) {
      bit |= cut(worker, 1, true);
      last(0.5);
    }
    return bit;
  }

  private List<Trouble> lossy(Machine worker, int percent) throws IOException {
    List<Machine> one = List.of(worker);
    return List.of(
        farm.machines().lose(one, farm.nodes(), percent),
        farm.machines().lose(farm.nodes(), one, percent));
  }

  private Trouble delayed(Machine worker) throws IOException {
    return farm.machines().delay(worker, "24kbit");
  }

  private List<Trouble> resetting(Machine worker) throws IOException {
    List<Machine> one = List.of(worker);
    return List.of(
        farm.machines().reset(one, farm.nodes()), farm.machines().reset(farm.nodes(), one));
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

  /** Bites if the process itself shows another time: a node in its answers, a worker in its log. */
  private boolean clockSet(Machine machine, double seconds) throws IOException {
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
   * A worker is away, for less than its grace, and the node's clock says more. Not scaled: the node
   * must notice the absence. Bites as both do.
   */
  private boolean clockSetWhileCut(Machine node, Machine worker) throws IOException {
    try (Trouble up = farm.machines().cut(List.of(worker), farm.nodes());
        Trouble down = farm.machines().cut(farm.nodes(), List.of(worker))) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(13));
      node.setClock("+90s");
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(4));
      boolean wrong = farm.wrongClock(node);
      node.setClock("+0");
      return wrong && up.hits() + down.hits() > 0;
    }
  }

  /** Bites if a node says that it can't work, or not a byte can be written on a worker. */
  private boolean full(Machine machine, double seconds) throws IOException {
    machine.fill();
    try {
      last(seconds);
      return farm.nodes().contains(machine) ? !farm.ready(machine) : machine.free() < 4096;
    } finally {
      machine.unfill();
    }
  }

  /** Bites if forcing a few bytes takes long. */
  private boolean slow(Machine machine, double seconds) throws IOException {
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
  private boolean powerless(Machine machine, double seconds) throws IOException {
    boolean lost = machine.cutPower();
    last(seconds);
    back(machine);
    return lost;
  }
}
