package dev.ahjo.core.request;

import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.W1;
import static dev.ahjo.core.Samples.W2;
import static dev.ahjo.core.Samples.build;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest.Command;
import dev.ahjo.core.request.BuildRequest.Fact;
import dev.ahjo.core.request.BuildRequest.State;
import dev.ahjo.core.request.Ending.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class BuildRequestTest {
  private static final Command.Open OPEN =
      new Command.Open(Samples.request(1), Samples.SET, Samples.spec(), 0, NOON);
  private static final Ending SUCCESS = new Ending.Completed(Result.SUCCESS);

  private static Ending lost(Cause cause, String step) {
    return new Ending.Transient(cause, step, "rule", "detail");
  }

  private static Command.Take take(int attempt, WorkerName worker) {
    return new Command.Take(attempt, build(attempt), worker);
  }

  private static Command.EndAttempt end(int attempt, Ending ending) {
    return new Command.EndAttempt(attempt, build(attempt), ending);
  }

  static Table<Command, State, Fact> table() {
    var lost = lost(Cause.WORKER_LOST, "");
    return new Table<Command, State, Fact>(new BuildRequest(), NOON)
        .state("absent", new State.Absent())
        .state("queued", "absent", OPEN)
        .state("running", "queued", take(1, W1))
        .state("running, cancel wanted", "running", new Command.Cancel("ann", "typo"))
        .state("backoff", "running", end(1, lost))
        .state("queued again", "backoff", new Command.BackoffOver(1))
        .state("running again", "queued again", take(2, W2))
        .state("shelved", "running again", end(2, lost))
        .state("put back", "shelved", new Command.Unshelve("ann"))
        .state("running, put back", "put back", take(3, W2))
        .state("finished", "running", end(1, SUCCESS))
        .state("cancelled", "queued", new Command.Cancel("ann", "typo"))
        .message("Open", OPEN)
        .message("Take 1", take(1, W1))
        .message("Take 2", take(2, W2))
        .message("EndAttempt 1, good", end(1, SUCCESS))
        .message("EndAttempt 1, lost", end(1, lost))
        .message("EndAttempt 2, lost", end(2, lost))
        .message("BackoffOver 1", new Command.BackoffOver(1))
        .message("Collapse 1", new Command.Collapse(1, Samples.request(2)))
        .message("Cancel", new Command.Cancel("ann", "typo"))
        .message("Unshelve", new Command.Unshelve("ann"))
        .message("Prioritise 5", new Command.Prioritise(5, "ann"))
        .message("Prioritise 0", new Command.Prioritise(0, "ann"));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            absent
              Open                   RequestOpened
              Take 1                 no: NotFound
              Take 2                 no: NotFound
              EndAttempt 1, good     no: NotFound
              EndAttempt 1, lost     no: NotFound
              EndAttempt 2, lost     no: NotFound
              BackoffOver 1          no: NotFound
              Collapse 1             no: NotFound
              Cancel                 no: NotFound
              Unshelve               no: NotFound
              Prioritise 5           no: NotFound
              Prioritise 0           no: NotFound

            queued
              Open                   already so
              Take 1                 AttemptStarted
              Take 2                 no: Superseded
              EndAttempt 1, good     no: Superseded
              EndAttempt 1, lost     no: Superseded
              EndAttempt 2, lost     no: Superseded
              BackoffOver 1          already so
              Collapse 1             RequestCollapsed
              Cancel                 RequestCancelled
              Unshelve               no: Conflict
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            running
              Open                   already so
              Take 1                 already so
              Take 2                 no: Superseded
              EndAttempt 1, good     RequestFinished
              EndAttempt 1, lost     AttemptLost
              EndAttempt 2, lost     no: Superseded
              BackoffOver 1          already so
              Collapse 1             no: Superseded
              Cancel                 CancelWanted
              Unshelve               no: Conflict
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            running, cancel wanted
              Open                   already so
              Take 1                 already so
              Take 2                 no: Superseded
              EndAttempt 1, good     RequestFinished
              EndAttempt 1, lost     RequestFinished
              EndAttempt 2, lost     no: Superseded
              BackoffOver 1          already so
              Collapse 1             no: Superseded
              Cancel                 already so
              Unshelve               no: Conflict
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            backoff
              Open                   already so
              Take 1                 already so
              Take 2                 no: Superseded
              EndAttempt 1, good     already so
              EndAttempt 1, lost     already so
              EndAttempt 2, lost     no: Superseded
              BackoffOver 1          BackoffEnded
              Collapse 1             no: Superseded
              Cancel                 RequestCancelled
              Unshelve               BackoffEnded
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            queued again
              Open                   already so
              Take 1                 already so
              Take 2                 AttemptStarted
              EndAttempt 1, good     already so
              EndAttempt 1, lost     already so
              EndAttempt 2, lost     no: Superseded
              BackoffOver 1          already so
              Collapse 1             no: Superseded
              Cancel                 RequestCancelled
              Unshelve               already so
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            running again
              Open                   already so
              Take 1                 already so
              Take 2                 already so
              EndAttempt 1, good     already so
              EndAttempt 1, lost     already so
              EndAttempt 2, lost     RequestShelved
              BackoffOver 1          already so
              Collapse 1             no: Superseded
              Cancel                 CancelWanted
              Unshelve               no: Conflict
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            shelved
              Open                   already so
              Take 1                 already so
              Take 2                 already so
              EndAttempt 1, good     already so
              EndAttempt 1, lost     already so
              EndAttempt 2, lost     already so
              BackoffOver 1          already so
              Collapse 1             no: Superseded
              Cancel                 RequestCancelled
              Unshelve               RequestUnshelved
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            put back
              Open                   already so
              Take 1                 already so
              Take 2                 already so
              EndAttempt 1, good     already so
              EndAttempt 1, lost     already so
              EndAttempt 2, lost     already so
              BackoffOver 1          already so
              Collapse 1             no: Superseded
              Cancel                 RequestCancelled
              Unshelve               already so
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            running, put back
              Open                   already so
              Take 1                 already so
              Take 2                 already so
              EndAttempt 1, good     already so
              EndAttempt 1, lost     already so
              EndAttempt 2, lost     already so
              BackoffOver 1          already so
              Collapse 1             no: Superseded
              Cancel                 CancelWanted
              Unshelve               already so
              Prioritise 5           PriorityChanged
              Prioritise 0           already so

            finished
              Open                   already so
              Take 1                 already so
              Take 2                 no: Superseded
              EndAttempt 1, good     already so
              EndAttempt 1, lost     already so
              EndAttempt 2, lost     no: Superseded
              BackoffOver 1          already so
              Collapse 1             already so
              Cancel                 no: Conflict
              Unshelve               no: Conflict
              Prioritise 5           no: Conflict
              Prioritise 0           no: Conflict

            cancelled
              Open                   already so
              Take 1                 no: Superseded
              Take 2                 no: Superseded
              EndAttempt 1, good     no: Superseded
              EndAttempt 1, lost     no: Superseded
              EndAttempt 2, lost     no: Superseded
              BackoffOver 1          already so
              Collapse 1             already so
              Cancel                 already so
              Unshelve               no: Conflict
              Prioritise 5           no: Conflict
              Prioritise 0           no: Conflict
            """);
  }

  @Test
  void waitsLongerAfterEachLoss() {
    var farm = new Story(4);
    assertThat(farm.attempt(1, W1, lost(Cause.RETRY_RULE, "test")).wait).hasSeconds(10);
    assertThat(farm.attempt(2, W1, lost(Cause.RETRY_RULE, "test")).wait).hasSeconds(20);
    assertThat(farm.attempt(3, W1, lost(Cause.RETRY_RULE, "test")).wait).hasSeconds(40);
    assertThat(farm.attempt(4, W1, lost(Cause.RETRY_RULE, "test")).state)
        .isInstanceOfSatisfying(
            State.Shelved.class,
            s -> {
              assertThat(s.verdict()).isEqualTo("all 4 attempts are spent");
              assertThat(s.body().ledger())
                  .extracting(BuildRequest.Tried::attempt)
                  .containsExactly(1, 2, 3, 4);
            });
  }

  @Test
  void aStepThatLosesTwoWorkersAccusesTheBuild() {
    var farm = new Story(5);
    farm.attempt(1, W1, lost(Cause.WORKER_LOST, "test"));
    assertThat(farm.attempt(2, W2, lost(Cause.WORKER_LOST, "test")).state)
        .isInstanceOfSatisfying(
            State.Shelved.class,
            s -> assertThat(s.verdict()).isEqualTo("step 'test' lost 2 different workers: w1, w2"));
  }

  @Test
  void whatNoWorkerBeganSpendsNoAttempt() {
    var farm = new Story(2);
    for (int i = 1; i <= 7; i++) {
      var refused = lost(i % 2 == 0 ? Cause.LEASE_REFUSED : Cause.AGENT_FAULT, "");
      assertThat(farm.attempt(i, W1, refused).state).isInstanceOf(State.Backoff.class);
    }
    assertThat(farm.wait).as("it waits longer each time all the same").hasMinutes(10);
    assertThat(farm.attempt(8, W1, lost(Cause.RETRY_RULE, "test")).state)
        .isInstanceOf(State.Backoff.class);
    assertThat(farm.attempt(9, W1, lost(Cause.RETRY_RULE, "test")).state)
        .isInstanceOfSatisfying(
            State.Shelved.class,
            s -> {
              assertThat(s.verdict()).isEqualTo("all 2 attempts are spent");
              assertThat(s.body().ledger()).hasSize(9);
            });
  }

  @Test
  void refusedForMostOfADayIsForAPersonToLookAt() {
    var farm = new Story(2);
    for (int i = 1; i < BuildRequest.MAX_REFUSALS; i++) {
      assertThat(farm.attempt(i, W1, lost(Cause.LEASE_REFUSED, "")).state)
          .isInstanceOf(State.Backoff.class);
    }
    assertThat(farm.attempt(BuildRequest.MAX_REFUSALS, W1, lost(Cause.LEASE_REFUSED, "")).state)
        .isInstanceOfSatisfying(
            State.Shelved.class,
            s -> assertThat(s.verdict()).startsWith("workers have refused it 100 times"));
    farm.say(new Command.Unshelve("ann"));
    assertThat(farm.attempt(101, W1, lost(Cause.LEASE_REFUSED, "")).state)
        .isInstanceOf(State.Backoff.class);
  }

  @Test
  void aRefusalInBetweenHidesNoGuilt() {
    var farm = new Story(5);
    farm.attempt(1, W1, lost(Cause.WORKER_LOST, "test"));
    farm.attempt(2, W1, lost(Cause.LEASE_REFUSED, ""));
    assertThat(farm.attempt(3, W2, lost(Cause.WORKER_LOST, "test")).state)
        .isInstanceOf(State.Shelved.class);
  }

  @Test
  void oneWorkerLostTwiceAccusesNobody() {
    var farm = new Story(5);
    farm.attempt(1, W1, lost(Cause.WORKER_LOST, "test"));
    assertThat(farm.attempt(2, W1, lost(Cause.WORKER_LOST, "test")).state)
        .isInstanceOf(State.Backoff.class);
  }

  @Test
  void differentStepsAccuseNobody() {
    var farm = new Story(5);
    farm.attempt(1, W1, lost(Cause.WORKER_LOST, "compile"));
    assertThat(farm.attempt(2, W2, lost(Cause.WORKER_LOST, "test")).state)
        .isInstanceOf(State.Backoff.class);
  }

  @Test
  void aFailureIsNeverTriedAgain() {
    assertThat(new Story(5).attempt(1, W1, new Ending.Completed(Result.FAILURE)).state)
        .isInstanceOfSatisfying(
            State.Ended.class, s -> assertThat(s.result()).isEqualTo(Result.FAILURE));
  }

  @Test
  void aPersonForgivesAllAttemptsButTheFenceGoesOn() {
    var farm = new Story(1);
    farm.attempt(1, W1, lost(Cause.AGENT_FAULT, "test"));
    farm.say(new Command.Unshelve("ann"));
    assertThat(farm.changedBy(take(1, W1))).isFalse();
    assertThat(farm.attempt(2, W1, SUCCESS).state).isInstanceOf(State.Ended.class);
  }

  @Test
  void avoidsTheWorkersThatLostIt() {
    var farm = new Story(3);
    farm.attempt(1, W1, lost(Cause.WORKER_LOST, "test"));
    farm.say(new Command.BackoffOver(1));
    assertThat(new BuildRequest().duties(farm.state).values())
        .anySatisfy(duty ->
            assertThat(duty)
                .isInstanceOfSatisfying(
                    dev.ahjo.core.kernel.Duty.Tell.class,
                    tell ->
                        assertThat(tell.message())
                            .isInstanceOfSatisfying(
                                BuildRequest.HandsOn.Enqueue.class,
                                m -> assertThat(m.avoid()).containsExactly(W1))));
  }

  @Test
  void aCancelledAttemptThatIsLostIsNotTriedAgain() {
    var farm = new Story(3);
    farm.say(take(1, W1));
    farm.say(new Command.Cancel("ann", "typo"));
    farm.say(end(1, lost(Cause.WORKER_LOST, "test")));
    assertThat(farm.state)
        .isInstanceOfSatisfying(
            State.Ended.class, s -> assertThat(s.result()).isEqualTo(Result.CANCELLED));
  }

  /** One request and what is said to it. */
  private static final class Story {
    private final BuildRequest rules = new BuildRequest();
    private State state;
    private Instant now = NOON;
    private Duration wait = Duration.ZERO;

    Story(int limit) {
      var spec = Samples.spec();
      state = new State.Absent();
      say(
          new Command.Open(
              Samples.request(1),
              Samples.SET,
              new dev.ahjo.core.buildset.RequestSpec(
                  spec.builder(),
                  spec.rules(),
                  spec.pool(),
                  spec.labels(),
                  spec.locks(),
                  Samples.plan(limit, "master"),
                  false),
              0,
              NOON));
    }

    Story say(Command command) {
      if (!(rules.decide(state, command, now)
          instanceof Decision.Accepted<Fact>(List<Fact> facts))) {
        throw new AssertionError(command + " was refused in " + state);
      }
      facts.forEach(fact -> state = rules.evolve(state, fact));
      return this;
    }

    boolean changedBy(Command command) {
      return rules.decide(state, command, now) instanceof Decision.Accepted<Fact>(List<Fact> facts)
          && !facts.isEmpty();
    }

    /** The attempt runs there and ends so; waits for it first. */
    Story attempt(int number, WorkerName worker, Ending ending) {
      if (state instanceof State.Backoff backoff) {
        now = backoff.until();
        say(new Command.BackoffOver(number - 1));
      }
      say(take(number, worker));
      say(end(number, ending));
      wait =
          state instanceof State.Backoff backoff
              ? Duration.between(now, backoff.until())
              : Duration.ZERO;
      return this;
    }
  }
}
