package dev.ahjo.core.lock;

import static dev.ahjo.core.Samples.DEBIAN;
import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.ZLIB;
import static dev.ahjo.core.Samples.attempt;
import static dev.ahjo.core.Samples.rank;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.lock.Lock.Command;
import dev.ahjo.core.lock.Lock.Fact;
import dev.ahjo.core.lock.Lock.State;
import dev.ahjo.core.project.LockUse.Mode;
import dev.ahjo.core.project.Project;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LockTest {
  private static final LockKey DB = new LockKey(ZLIB, "db");

  private static Message wants(int n, Mode mode, int priority) {
    return new Builder.HandsOn.AcquireLock(DB, attempt(n, 1), DEBIAN, mode, rank(n, priority));
  }

  private static Message releases(int n) {
    return new Builder.HandsOn.ReleaseLock(DB, attempt(n, 1));
  }

  static Table<Command, State, Fact> table() {
    var rules = new Lock();
    return new Table<Command, State, Fact>(rules, NOON)
        .state("free", rules.initial("zlib/db"))
        .state("counting r1", "free", wants(1, Mode.COUNTING, 0))
        .state("exclusive r1", "free", wants(1, Mode.EXCLUSIVE, 0))
        .state("exclusive r1, r2 waits", "exclusive r1", wants(2, Mode.COUNTING, 0))
        .message("Acquire r1", wants(1, Mode.COUNTING, 0))
        .message("Acquire r2", wants(2, Mode.COUNTING, 0))
        .message("Acquire r3 exclusive", wants(3, Mode.EXCLUSIVE, 0))
        .message("Release r1", releases(1))
        .message("Release r2", releases(2))
        .message("TakeBack r1", new Command.TakeBack(attempt(1, 1)))
        .message("Configure 3 places", new Project.HandsOn.ConfigureLock(DB, 1, 3))
        .message("Configure, old news", new Project.HandsOn.ConfigureLock(DB, 0, 9));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            free
              Acquire r1             LockWanted, LockGranted
              Acquire r2             LockWanted, LockGranted
              Acquire r3 exclusive   LockWanted, LockGranted
              Release r1             already so
              Release r2             already so
              TakeBack r1            already so
              Configure 3 places     LockConfigured
              Configure, old news    already so

            counting r1
              Acquire r1             already so
              Acquire r2             LockWanted
              Acquire r3 exclusive   LockWanted
              Release r1             LockReleased
              Release r2             already so
              TakeBack r1            LockReleased
              Configure 3 places     LockConfigured
              Configure, old news    already so

            exclusive r1
              Acquire r1             already so
              Acquire r2             LockWanted
              Acquire r3 exclusive   LockWanted
              Release r1             LockReleased
              Release r2             already so
              TakeBack r1            LockReleased
              Configure 3 places     LockConfigured
              Configure, old news    already so

            exclusive r1, r2 waits
              Acquire r1             already so
              Acquire r2             already so
              Acquire r3 exclusive   LockWanted
              Release r1             LockReleased, LockGranted
              Release r2             LockReleased
              TakeBack r1            LockReleased, LockGranted
              Configure 3 places     LockConfigured
              Configure, old news    already so
            """);
  }

  /** Who wants it in turn (c counting, x exclusive), and who holds it then. */
  @ParameterizedTest
  @CsvSource({
    "1, c,    r1",
    "1, cc,   r1",
    "2, cc,   r1 r2",
    "2, ccc,  r1 r2",
    "3, xc,   r1",
    "3, cx,   r1",
    "3, cxc,  r1", // the exclusive one is not overtaken
    "3, ccxc, r1 r2",
  })
  void serves(int places, String users, String holders) {
    var lock = new Story(places);
    for (int i = 1; i <= users.length(); i++) {
      lock.say(wants(i, users.charAt(i - 1) == 'x' ? Mode.EXCLUSIVE : Mode.COUNTING, 0));
    }
    assertThat(lock.holders()).isEqualTo(holders);
  }

  @Test
  void whoBecomesUrgentWhileWaitingMovesUp() {
    var lock = new Story(1);
    lock.say(wants(1, Mode.COUNTING, 0));
    lock.say(wants(2, Mode.COUNTING, 0));
    lock.say(wants(3, Mode.COUNTING, 0));
    lock.say(wants(3, Mode.COUNTING, 900));
    lock.say(releases(1));
    assertThat(lock.holders()).isEqualTo("r3");
    lock.say(wants(3, Mode.COUNTING, 0));
    assertThat(lock.holders()).isEqualTo("r3");
  }

  @Test
  void theUrgentGoFirstAndAnExclusiveUserWaitsForAll() {
    var lock = new Story(2);
    lock.say(wants(1, Mode.COUNTING, 0));
    lock.say(wants(2, Mode.COUNTING, 0));
    lock.say(wants(3, Mode.COUNTING, 0));
    lock.say(wants(4, Mode.EXCLUSIVE, 5));
    lock.say(releases(1));
    assertThat(lock.holders()).isEqualTo("r2");
    lock.say(releases(2));
    assertThat(lock.holders()).isEqualTo("r4");
    lock.say(releases(4));
    assertThat(lock.holders()).isEqualTo("r3");
  }

  @Test
  void morePlacesLetMoreInAndFewerThrowNobodyOut() {
    var lock = new Story(1);
    for (int i = 1; i <= 3; i++) {
      lock.say(wants(i, Mode.COUNTING, 0));
    }
    lock.say(new Project.HandsOn.ConfigureLock(DB, 2, 3));
    assertThat(lock.holders()).isEqualTo("r1 r2 r3");
    lock.say(new Project.HandsOn.ConfigureLock(DB, 3, 1));
    assertThat(lock.holders()).isEqualTo("r1 r2 r3");
  }

  private static final class Story {
    private final Lock rules = new Lock();
    private State state = rules.initial("zlib/db");

    Story(int places) {
      say(new Project.HandsOn.ConfigureLock(DB, 1, places));
    }

    void say(Message message) {
      if (rules.decide(state, rules.understand(message), NOON)
          instanceof Decision.Accepted<Fact>(List<Fact> facts)) {
        facts.forEach(fact -> state = rules.evolve(state, fact));
      }
    }

    String holders() {
      return state.holders().keySet().stream()
          .map(a -> a.request().value())
          .sorted()
          .collect(Collectors.joining(" "));
    }
  }
}
