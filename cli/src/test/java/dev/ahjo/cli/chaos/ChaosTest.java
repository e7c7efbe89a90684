package dev.ahjo.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A farm of real processes under faults, briefly; {@code -Dahjo.chaos.seconds=600
 * -Dahjo.chaos.seed=N} makes it long. What this system can't do is told as {@code NOT TESTED}.
 */
@Tag("processes")
class ChaosTest {
  private static final int SHORT = 45;
  private static final int SECONDS = Integer.getInteger("ahjo.chaos.seconds", SHORT);
  private static final long SEED =
      Long.getLong("ahjo.chaos.seed", System.currentTimeMillis() / 1000);

  @TempDir Path folder;

  @BeforeEach
  void ask() {
    List<String> missing = Machines.missing();
    if (!missing.isEmpty()) {
      System.out.println("NOT TESTED: chaos, since this system lacks " + missing);
    }
    Assumptions.assumeTrue(missing.isEmpty(), "chaos needs " + missing);
  }

  /** All that this system can do; a short run has no time for long absences. */
  private static Set<Storm.Kind> kinds(Set<Storm.Kind> all) {
    Set<Storm.Kind> kinds = EnumSet.copyOf(all);
    if (SECONDS <= SHORT) {
      kinds.removeAll(Set.of(Storm.Kind.AWAY, Storm.Kind.CLOCK_WHILE_CUT));
    }
    if (Machine.fakeClock().isEmpty()) {
      System.out.println("NOT TESTED: clocks that jump, since this system lacks libfaketime");
      kinds.removeIf(kind -> kind.fault.equals("clock"));
    }
    if (!Machine.canSlowDisks()) {
      System.out.println("NOT TESTED: slow disks, since this system lacks the blkio control group");
      kinds.removeIf(kind -> kind.fault.equals("slow-disk"));
    }
    return kinds;
  }

  @Test
  @DisabledIfSystemProperty(named = "ahjo.chaos", matches = "farm|planted")
  void nothingIsLostAndNothingRunsTwice() throws Exception {
    boolean brief = SECONDS <= SHORT;
    Set<Storm.Kind> kinds = kinds(Storm.Kind.ofOneNode());
    var enough = brief ? new Judge.Enough(40, 30, 6, Set.of()) : Judge.Enough.in(SECONDS, kinds);
    var setup =
        new ChaosRun.Setup(
            "ajch",
            5,
            SEED,
            SECONDS,
            1,
            3,
            brief ? 3 : 4,
            kinds,
            brief ? 0.3 : 1,
            enough,
            List.of());
    assertThat(ChaosRun.run(setup, folder, System.out).violations()).as("seed " + SEED).isEmpty();
  }

  /**
   * The same with three nodes on a server of Cassandra; {@code -Dahjo.chaos=farm} runs it, for a
   * minute where {@code -Dahjo.chaos.seconds} does not say how long.
   */
  @Test
  @EnabledIfSystemProperty(named = "ahjo.chaos", matches = "farm")
  void nothingIsLostInAFarm() throws Exception {
    int seconds = Integer.getInteger("ahjo.chaos.seconds", 60);
    Set<Storm.Kind> kinds = kinds(Storm.Kind.ofAFarm());
    var setup =
        new ChaosRun.Setup(
            "ajfa",
            8,
            SEED,
            seconds,
            3,
            3,
            4,
            kinds,
            1,
            Judge.Enough.in(seconds, kinds),
            List.of());
    assertThat(ChaosRun.run(setup, folder, System.out).violations()).as("seed " + SEED).isEmpty();
  }

  /** Minutes; {@code -Dahjo.chaos=planted} runs it. */
  @ParameterizedTest
  @EnumSource
  @EnabledIfSystemProperty(named = "ahjo.chaos", matches = "planted")
  void aPlantedBugIsFound(Planted bug) throws Exception {
    Path root = Path.of("..").toAbsolutePath().normalize();
    var setup =
        new ChaosRun.Setup(
            "ajpl",
            6,
            1,
            30,
            1,
            2,
            4,
            bug.kinds,
            0.5,
            new Judge.Enough(10, 5, 1, Set.of()),
            bug.compile(root, Files.createDirectories(folder.resolve("planted"))));
    assertThat(ChaosRun.run(setup, folder, System.out).violations())
        .extracting(Judge.Violation::rule)
        .containsAnyElementsOf(bug.rules);
  }

  /** Each planted bug still has its place in the product. */
  @ParameterizedTest
  @EnumSource
  void aPlantedBugCompiles(Planted bug) throws Exception {
    assertThat(bug.compile(Path.of("..").toAbsolutePath().normalize(), folder)).hasSize(1);
  }
}
