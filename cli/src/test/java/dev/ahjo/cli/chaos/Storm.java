package dev.ahjo.cli.chaos;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Faults one after the other, drawn by a seed: each kind once, shuffled, and again. A fault counts
 * only if it was seen to bite; {@link Harms} says how.
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
    AWAY("away"),
    // What takes several nodes, and a store apart from them.
    CUT_NODE("partition"),
    CUT_NODE_ONE_WAY("one-way"),
    FLAP_NODE("flap"),
    CUT_GATE("partition"),
    LOSS_NODE("loss"),
    DELAY_NODE("delay"),
    RESET_NODE("reset"),
    KILL_STORE("kill"),
    PAUSE_STORE("pause"),
    CUT_STORE("partition"),
    CUT_STORE_FROM_ALL("partition"),
    RESET_STORE("reset"),
    CLOCK_STORE("clock"),
    SLOW_STORE("slow-disk"),
    FULL_STORE("full-disk"),
    POWER_STORE("powercut");

    final String fault;

    Kind(String fault) {
      this.fault = fault;
    }

    /** What can happen to one node on the embedded journal and its workers. */
    static Set<Kind> ofOneNode() {
      return EnumSet.range(KILL_NODE, AWAY);
    }

    /** What can happen to several nodes, their store and their workers. */
    static Set<Kind> ofAFarm() {
      // What nodes of a farm have on their disks is for the moment only.
      return EnumSet.complementOf(EnumSet.of(FULL_NODE, SLOW_NODE));
    }
  }

  private final ProcessFarm farm;
  private final Harms harms;
  private final Random chance;
  private final List<Kind> kinds;
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
    this.harms = new Harms(farm, chance, pace);
    this.kinds = List.copyOf(kinds);
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
        shuffle();
      }
      strike(deck.removeLast());
      harms.last(0.5 + chance.nextDouble() * 2);
      recover();
    }
  }

  /** One of each fault comes before others of the same: also a short run has seen many. */
  private void shuffle() {
    List<Kind> all = new ArrayList<>(kinds);
    Collections.shuffle(all, chance);
    Set<String> seen = new HashSet<>();
    for (Kind kind : all) {
      deck.add(seen.add(kind.fault) ? deck.size() : 0, kind);
    }
  }

  /** Now and then the next fault comes before the farm has got over the last. */
  private void recover() throws IOException {
    if (farm.store().isEmpty() || chance.nextInt(5) == 0) {
      farm.keep();
      return;
    }
    long begun = System.nanoTime();
    farm.awaitReady();
    double waited = (System.nanoTime() - begun) / 1e9;
    if (waited > 1) {
      told.printf("    all are ready after %.1f s%n", waited);
    }
  }

  private void strike(Kind kind) throws IOException {
    Machine node = farm.nodes().get(chance.nextInt(farm.nodes().size()));
    Machine worker = farm.workers().get(chance.nextInt(farm.workers().size()));
    double seconds = 3 + chance.nextDouble() * 9;
    Machine victim =
        kind.name().contains("STORE")
            ? farm.store().orElseThrow()
            : kind.name().contains("NODE") || kind == Kind.CUT_GATE ? node : worker;
    List<Machine> nodes = farm.nodes();
    List<Machine> others = nodes.stream().filter(each -> !each.equals(node)).toList();
    record(
        kind,
        victim,
        () ->
            switch (kind) {
              case KILL_NODE, KILL_WORKER, KILL_STORE -> harms.killed(victim, seconds / 3);
              case PAUSE_NODE, PAUSE_STORE -> harms.paused(victim, seconds * 0.6);
              case PAUSE_WORKER -> harms.paused(worker, seconds);
              case CUT_WORKER -> harms.cut(worker, nodes, seconds, true);
              case CUT_ONE_WAY -> harms.cut(worker, nodes, seconds, false);
              case FLAP -> harms.flapped(worker, nodes);
              case LOSS -> harms.lossy(worker, nodes, 25, seconds);
              case DELAY -> harms.delayed(worker, "24kbit", seconds + 3);
              case RESET -> harms.reset(worker, nodes);
              case CLOCK_NODE, CLOCK_WORKER, CLOCK_STORE -> harms.clockSet(victim, seconds);
              case CLOCK_WHILE_CUT -> harms.clockSetWhileCut(worker);
              case FULL_NODE -> harms.full(node, seconds);
              case FULL_WORKER, FULL_STORE -> harms.full(victim, seconds / 2);
              case SLOW_NODE, SLOW_STORE -> harms.slow(victim, seconds);
              case POWER_NODE, POWER_WORKER, POWER_STORE -> harms.powerless(victim, seconds / 4);
              case AWAY -> harms.away(worker, ChaosRun.GRACE_SECONDS + 12);
              case CUT_NODE -> harms.cut(node, others, seconds * 1.5, true);
              case CUT_NODE_ONE_WAY -> harms.cut(node, others, seconds, false);
              case FLAP_NODE -> harms.flapped(node, others);
              case CUT_GATE -> harms.cut(node, farm.workers(), seconds * 1.5, true);
              case LOSS_NODE -> harms.lossy(node, others, 25, seconds);
              case DELAY_NODE -> harms.delayed(node, "400kbit", seconds);
              case RESET_NODE -> harms.reset(node, others);
              case CUT_STORE -> harms.cut(victim, List.of(node), seconds * 1.5, true);
              case CUT_STORE_FROM_ALL -> harms.cut(victim, nodes, seconds, true);
              case RESET_STORE -> harms.reset(victim, nodes);
            });
  }

  private void record(Kind kind, Machine victim, Harms.Harm harm) throws IOException {
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
}
