package dev.ahjo.core.builder;

import static dev.ahjo.core.Samples.DEBIAN;
import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.W1;
import static dev.ahjo.core.Samples.W2;
import static dev.ahjo.core.Samples.ZLIB;
import static dev.ahjo.core.Samples.attempt;
import static dev.ahjo.core.Samples.build;
import static dev.ahjo.core.Samples.rank;
import static dev.ahjo.core.Samples.request;
import static dev.ahjo.core.Samples.rules;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.builder.Builder.Command;
import dev.ahjo.core.builder.Builder.Fact;
import dev.ahjo.core.builder.Builder.Stage;
import dev.ahjo.core.builder.Builder.State;
import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.buildset.RequestSpec;
import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.BuilderRules;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.request.BuildRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BuilderTest {
  private static final LockKey DB = new LockKey(ZLIB, "db");

  private static BuildRequest.HandsOn.Enqueue enqueue(
      int n, int attempt, int priority, BuilderRules rules, String branch, String... locks) {
    return new BuildRequest.HandsOn.Enqueue(
        attempt(n, attempt), Samples.spec(rules, branch, locks), rank(n, priority), Set.of());
  }

  private static BuildRequest.HandsOn.Enqueue enqueue(int n, int attempt, String... locks) {
    return enqueue(n, attempt, 0, rules(1, 1, Collapse.NEVER), "master", locks);
  }

  static Table<Command, State, Fact> table() {
    var rules = new Builder();
    return new Table<Command, State, Fact>(rules, NOON)
        .state("idle", rules.initial("zlib/debian"))
        .state("r1 locking", "idle", enqueue(1, 1, "db"))
        .state("r1 offered", "idle", enqueue(1, 1))
        .state("r1 taken", "r1 offered", new Command.Assign(attempt(1, 1), W1, 1))
        .state("r2 offered, r1 waits", "idle", enqueue(2, 1), enqueue(1, 1))
        .message("Enqueue r1~1", enqueue(1, 1))
        .message("Enqueue r1~1, sooner", enqueue(1, 1, 5, rules(1, 1, Collapse.NEVER), "master"))
        .message("Enqueue r1~2", enqueue(1, 2))
        .message(
            "Release r1~1", new BuildRequest.HandsOn.Release(attempt(1, 1), Optional.of(build(1))))
        .message(
            "Release r1~1, not begun",
            new BuildRequest.HandsOn.Release(attempt(1, 1), Optional.empty()))
        .message("GrantLock db", new Command.GrantLock(attempt(1, 1), DB))
        .message("Assign w1, grant 1", new Command.Assign(attempt(1, 1), W1, 1))
        .message("Assign w1, grant 2", new Command.Assign(attempt(1, 1), W1, 2))
        .message("Assign w2, grant 3", new Command.Assign(attempt(1, 1), W2, 3))
        .message("TakeBack r1~1", new Command.TakeBack(attempt(1, 1)))
        .message("Cleaned", new Command.Cleaned("unlock:zlib/db:r1~1"))
        .message("Configure 2", new Command.Configure(rules(2, 5, Collapse.NEVER)))
        .message("Configure 1", new Command.Configure(rules(1, 1, Collapse.NEVER)));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            idle
              Enqueue r1~1           BuilderConfigured, RequestQueued, RequestOffered
              Enqueue r1~1, sooner   BuilderConfigured, RequestQueued, RequestOffered
              Enqueue r1~2           BuilderConfigured, RequestQueued, RequestOffered
              Release r1~1           already so
              Release r1~1, not begun already so
              GrantLock db           no: Superseded
              Assign w1, grant 1     no: Superseded
              Assign w1, grant 2     no: Superseded
              Assign w2, grant 3     no: Superseded
              TakeBack r1~1          already so
              Cleaned                already so
              Configure 2            BuilderConfigured
              Configure 1            BuilderConfigured

            r1 locking
              Enqueue r1~1           already so
              Enqueue r1~1, sooner   RequestMoved
              Enqueue r1~2           RequestReleased, RequestQueued, RequestOffered
              Release r1~1           RequestReleased
              Release r1~1, not begun RequestReleased
              GrantLock db           RequestOffered
              Assign w1, grant 1     no: Superseded
              Assign w1, grant 2     no: Superseded
              Assign w2, grant 3     no: Superseded
              TakeBack r1~1          RequestReleased
              Cleaned                already so
              Configure 2            BuilderConfigured
              Configure 1            already so

            r1 offered
              Enqueue r1~1           already so
              Enqueue r1~1, sooner   RequestMoved
              Enqueue r1~2           RequestReleased, RequestQueued, RequestOffered
              Release r1~1           RequestReleased
              Release r1~1, not begun RequestReleased
              GrantLock db           no: Superseded
              Assign w1, grant 1     RequestTaken
              Assign w1, grant 2     RequestTaken
              Assign w2, grant 3     RequestTaken
              TakeBack r1~1          RequestReleased
              Cleaned                already so
              Configure 2            BuilderConfigured
              Configure 1            already so

            r1 taken
              Enqueue r1~1           already so
              Enqueue r1~1, sooner   RequestMoved
              Enqueue r1~2           BuildVoided, RequestQueued, RequestOffered
              Release r1~1           RequestReleased
              Release r1~1, not begun BuildVoided
              GrantLock db           no: Superseded
              Assign w1, grant 1     already so
              Assign w1, grant 2     no: Superseded
              Assign w2, grant 3     no: Superseded
              TakeBack r1~1          BuildVoided
              Cleaned                already so
              Configure 2            BuilderConfigured
              Configure 1            already so

            r2 offered, r1 waits
              Enqueue r1~1           already so
              Enqueue r1~1, sooner   RequestMoved
              Enqueue r1~2           RequestReleased, RequestQueued
              Release r1~1           RequestReleased
              Release r1~1, not begun RequestReleased
              GrantLock db           no: Superseded
              Assign w1, grant 1     no: Superseded
              Assign w1, grant 2     no: Superseded
              Assign w2, grant 3     no: Superseded
              TakeBack r1~1          already so
              Cleaned                already so
              Configure 2            BuilderConfigured, RequestOffered
              Configure 1            already so
            """);
  }

  @Test
  void admitsByPriorityThenByAge() {
    var queue = new Queue();
    var rules = rules(1, 1, Collapse.NEVER);
    queue.say(enqueue(9, 1, 0, rules, "master"));
    queue.say(enqueue(3, 1, 0, rules, "master"));
    queue.say(enqueue(2, 1, 0, rules, "master"));
    queue.say(enqueue(5, 1, 7, rules, "master"));
    assertThat(queue.drain(9)).containsExactly("r9", "r5", "r2", "r3");
  }

  @Test
  void admitsNoMoreThanItsLimitAndTheRestWhenItIsRaised() {
    var queue = new Queue();
    for (int i = 1; i <= 5; i++) {
      queue.say(enqueue(i, 1, 0, rules(1, 2, Collapse.NEVER), "master"));
    }
    assertThat(queue.state.active()).hasSize(2);
    queue.say(new Command.Configure(rules(2, 4, Collapse.NEVER)));
    assertThat(queue.state.active()).hasSize(4);
    queue.say(new Command.Configure(rules(3, 1, Collapse.NEVER)));
    assertThat(queue.state.active()).as("none is thrown out").hasSize(4);
  }

  @Test
  void offersAWindowOfALongQueue() {
    var queue = new Queue();
    for (int i = 1; i <= 2 * Builder.OFFER_WINDOW; i++) {
      queue.say(enqueue(i, 1, 0, rules(1, 0, Collapse.NEVER), "master"));
    }
    assertThat(queue.state.active()).hasSize(Builder.OFFER_WINDOW);
    queue.say(new Command.Assign(attempt(1, 1), W1, 1));
    assertThat(queue.state.active()).hasSize(Builder.OFFER_WINDOW + 1);
  }

  @Test
  void takesLocksInTheOrderOfTheirNames() {
    var queue = new Queue();
    queue.say(enqueue(1, 1, "net", "db"));
    assertThat(queue.facts).endsWith("LockWanted zlib/db");
    queue.say(new Command.GrantLock(attempt(1, 1), DB));
    assertThat(queue.facts).endsWith("LockWanted zlib/net");
    queue.say(new Command.GrantLock(attempt(1, 1), new LockKey(ZLIB, "net")));
    assertThat(queue.facts).endsWith("RequestOffered");
    queue.say(new BuildRequest.HandsOn.Release(attempt(1, 1), Optional.empty()));
    assertThat(queue.state.cleanups().keySet())
        .containsExactlyInAnyOrder("withdraw:r1~1", "unlock:zlib/db:r1~1", "unlock:zlib/net:r1~1");
  }

  @Test
  void mergesAnOlderRequestOfTheSameBranchIntoTheNewer() {
    assertThat(collapses(0, 0, "master", "master", Collapse.SAME_BRANCH)).isTrue();
    assertThat(collapses(0, 0, "master", "topic", Collapse.SAME_BRANCH)).isFalse();
    assertThat(collapses(0, 0, "master", "master", Collapse.NEVER)).isFalse();
    assertThat(collapses(5, 0, "master", "master", Collapse.SAME_BRANCH))
        .as("the older one is more urgent")
        .isFalse();
    assertThat(collapses(0, 5, "master", "master", Collapse.SAME_BRANCH)).isTrue();
  }

  @Test
  void mergesOnlyWhatAsksForTheSameThing() {
    assertThat(merged(asking("", Map.of(), false), asking("", Map.of(), false))).isTrue();
    assertThat(merged(asking("r9", Map.of(), false), asking("r1", Map.of(), false))).isFalse();
    assertThat(merged(asking("r9", Map.of(), false), asking("r9", Map.of(), false))).isTrue();
    assertThat(merged(asking("", Map.of(), false), asking("", Map.of("cut", "1.2"), false)))
        .isFalse();
    assertThat(merged(asking("", Map.of(), true), asking("", Map.of(), false)))
        .as("others of its buildset need the older one")
        .isFalse();
  }

  private static RequestSpec asking(
      String revision, Map<String, String> submitted, boolean needed) {
    var spec = Samples.spec(rules(1, 1, Collapse.SAME_BRANCH), "master");
    var plan = spec.plan();
    Map<String, Property> properties = new HashMap<>();
    submitted.forEach((name, value) -> properties.put(name, new Property(value, "submit")));
    var stamp = plan.stamps().getFirst();
    return new RequestSpec(
        spec.builder(),
        spec.rules(),
        spec.pool(),
        spec.labels(),
        spec.locks(),
        new Plan(
            List.of(
                new SourceStamp(
                    stamp.repository(),
                    stamp.url(),
                    stamp.branch(),
                    Optional.of(revision).filter(r -> !r.isEmpty()))),
            properties,
            plan.matrix(),
            plan.inputs(),
            plan.env(),
            plan.retry(),
            plan.grace(),
            plan.steps()),
        needed);
  }

  private static boolean merged(RequestSpec older, RequestSpec newer) {
    var queue = new Queue();
    queue.say(new BuildRequest.HandsOn.Enqueue(attempt(1, 1), older, rank(1, 0), Set.of()));
    queue.say(new BuildRequest.HandsOn.Enqueue(attempt(2, 1), newer, rank(2, 0), Set.of()));
    return queue.facts.contains("RequestCollapsed into r2");
  }

  private static boolean collapses(
      int older, int newer, String olderBranch, String newerBranch, Collapse collapse) {
    var queue = new Queue();
    queue.say(enqueue(1, 1, older, rules(1, 1, collapse), olderBranch));
    queue.say(enqueue(2, 1, newer, rules(1, 1, collapse), newerBranch));
    return queue.facts.contains("RequestCollapsed into r2");
  }

  @Test
  void doesNotMergeWhatRuns() {
    var queue = new Queue();
    queue.say(enqueue(1, 1, 0, rules(1, 0, Collapse.SAME_BRANCH), "master"));
    queue.say(new Command.Assign(attempt(1, 1), W1, 1));
    queue.say(enqueue(2, 1, 0, rules(1, 0, Collapse.SAME_BRANCH), "master"));
    assertThat(queue.facts).doesNotContain("RequestCollapsed into r2");
  }

  @Test
  void numbersBuildsInTheOrderOfTheirSlots() {
    var queue = new Queue();
    queue.say(enqueue(1, 1, 0, rules(1, 0, Collapse.NEVER), "master"));
    queue.say(enqueue(2, 1, 0, rules(1, 0, Collapse.NEVER), "master"));
    queue.say(new Command.Assign(attempt(2, 1), W1, 1));
    queue.say(new Command.Assign(attempt(1, 1), W2, 2));
    assertThat(queue.stage(2)).isEqualTo(new Stage.Taken(build(1), W1, 1));
    assertThat(queue.stage(1)).isEqualTo(new Stage.Taken(build(2), W2, 2));
  }

  @Test
  void aRequestThatEndedBeforeItHeardOfItsSlotGivesItBack() {
    var queue = new Queue();
    queue.say(enqueue(1, 1));
    queue.say(new Command.Assign(attempt(1, 1), W1, 1));
    queue.say(new BuildRequest.HandsOn.Release(attempt(1, 1), Optional.empty()));
    assertThat(queue.facts).endsWith("BuildVoided");
    assertThat(queue.state.cleanups().keySet()).containsExactly("withdraw:r1~1");
    queue.say(new Command.Cleaned("withdraw:r1~1"));
    assertThat(queue.state.cleanups()).isEmpty();
  }

  @Test
  void whatItHasLetGoOfDoesNotComeBackByALateMessage() {
    var queue = new Queue();
    queue.say(enqueue(1, 1));
    queue.say(new BuildRequest.HandsOn.Release(attempt(1, 1), Optional.of(build(1))));
    assertThat(queue.refuses(enqueue(1, 1))).isTrue();
    queue.say(enqueue(1, 2));
    assertThat(queue.state.active().get(request(1)))
        .satisfies(active -> assertThat(active.ticket().attempt()).isEqualTo(attempt(1, 2)));
  }

  @Test
  void remembersOnlySoManyOfThem() {
    var queue = new Queue();
    for (int i = 1; i <= Lately.MOST + 10; i++) {
      queue.say(enqueue(i, 1));
      queue.say(new BuildRequest.HandsOn.Release(attempt(i, 1), Optional.empty()));
    }
    assertThat(queue.state.lately().attempts()).hasSize(Lately.MOST);
    assertThat(queue.state.lately().order()).hasSize(Lately.MOST);
    assertThat(queue.refuses(enqueue(11, 1))).isTrue();
    assertThat(queue.refuses(enqueue(10, 1))).isFalse();
  }

  /** One builder, and what has happened to it in short words. */
  private static final class Queue {
    private final Builder rules = new Builder();
    private final List<String> facts = new ArrayList<>();
    private State state = rules.initial(DEBIAN.toString());

    void say(Message message) {
      if (!(rules.decide(state, rules.understand(message), NOON)
          instanceof Decision.Accepted<Fact>(List<Fact> accepted))) {
        throw new AssertionError(message + " was refused");
      }
      for (Fact fact : accepted) {
        state = rules.evolve(state, fact);
        facts.add(
            switch (fact) {
              case Fact.LockWanted f -> "LockWanted " + f.lock();
              case Fact.RequestCollapsed f -> "RequestCollapsed into " + f.into();
              default -> fact.getClass().getSimpleName();
            });
      }
    }

    boolean refuses(Message message) {
      return rules.decide(state, rules.understand(message), NOON) instanceof Decision.Refused<Fact>;
    }

    Stage stage(int request) {
      return java.util.Objects.requireNonNull(state.active().get(request(request))).stage();
    }

    /** Builds one after another from {@code first} on; answers their order. */
    List<String> drain(int first) {
      List<String> order = new ArrayList<>();
      var next = request(first);
      long slot = 0;
      while (true) {
        order.add(next.value());
        var attempt = new dev.ahjo.core.id.Attempt(next, 1);
        say(new Command.Assign(attempt, W1, ++slot));
        say(new BuildRequest.HandsOn.Release(attempt, Optional.of(build(slot))));
        if (state.active().isEmpty()) {
          return order;
        }
        next = state.active().keySet().iterator().next();
      }
    }
  }
}
