package dev.ahjo.cluster.kernel;

import static dev.ahjo.cluster.kernel.ToyFarm.buildset;
import static dev.ahjo.cluster.kernel.ToyFarm.pool;
import static dev.ahjo.cluster.kernel.ToyFarm.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EntityActorTest {
  private static final EntityRef GIVER = buildset("giver");
  private static final EntityRef TAKER = request("taker");
  private static final Toy.Note GIFT = new Toy.Note("gift");

  private ToyFarm farm = new ToyFarm();

  @AfterEach
  void close() {
    farm.close();
  }

  @Test
  void aCommandIsJournaledOnceAndAnswered() {
    assertThat(farm.say(TAKER, GIFT)).isEqualTo(new Answer.Done(true));
    assertThat(farm.say(TAKER, GIFT)).isEqualTo(new Answer.Done(false));
    assertThat(farm.say(TAKER, new Toy.Nonsense()))
        .isEqualTo(new Answer.Refused(new Refusal.Conflict("sense", "nonsense")));
    assertThat(farm.rows).hasValue(1);
    assertThat(farm.state(TAKER).notes()).containsExactly("gift");
  }

  @Test
  void whatIsSaidAtOnceIsDecidedInOrderAndAnsweredEach() {
    List<Toy.Command> said =
        IntStream.range(0, 2000)
            .<Toy.Command>mapToObj(
                i -> i % 10 == 9 ? new Toy.Nonsense() : new Toy.Note("n" + (i - i % 2)))
            .toList();
    List<Answer> answers = farm.sayAtOnce(TAKER, said);
    assertThat(answers.get(0)).isEqualTo(new Answer.Done(true));
    assertThat(answers.get(1)).isEqualTo(new Answer.Done(false));
    assertThat(answers.get(9)).isInstanceOf(Answer.Refused.class);
    assertThat(farm.state(TAKER).notes())
        .containsExactlyElementsOf(IntStream.range(0, 1000).mapToObj(i -> "n" + 2 * i).toList());
    assertThat(farm.rows.get()).as("rows for 1000 facts").isLessThan(500);
  }

  @Test
  void whatIsSaidWhileNoOtherNodeHearsThisOneIsKeptAndDecidedLater() {
    TestProbe<Mail.Response> answers = farm.kit.createTestProbe();
    farm.unheard = true;
    for (int i = 0; i < 600; i++) {
      farm.post(TAKER, new Mail.Say(new Toy.Note("n" + i), i, answers.getRef()));
    }
    farm.passes(Duration.ofSeconds(3));
    assertThat(farm.state(TAKER).notes()).isEmpty();
    assertThat(farm.rows).as("rows of a node that may have lost").hasValue(0);
    farm.unheard = false;
    farm.passes(Duration.ofMillis(100));
    for (int i = 0; i < 600; i++) {
      assertThat(answers.receiveMessage()).isEqualTo(new Mail.Answered(i, new Answer.Done(true)));
    }
    assertThat(farm.rows).as("rows of a bounded length").hasValue(3);
  }

  @Test
  void aBugInOneDecisionHarmsNoOther() {
    assertThat(farm.hear(TAKER, new Toy.Stumble())).isInstanceOf(Mail.Broke.class);
    assertThat(farm.say(TAKER, GIFT)).isEqualTo(new Answer.Done(true));
  }

  @Test
  void whoSpeaksToAnEntityWithADamagedRecordHearsWhichUntilItIsMended() {
    farm.say(TAKER, GIFT);
    farm.crash(TAKER);
    MemoryJournal.DAMAGED.add("request|taker");
    try {
      String problem =
          "request:taker: The journal's record request|taker #1 can't be read: no JSON";
      assertThat(farm.hear(TAKER, GIFT)).isEqualTo(new Mail.Broke(7, problem));
      assertThat(farm.hear(TAKER, GIFT)).isEqualTo(new Mail.Broke(7, problem));
      assertThat(farm.unreadable).containsExactly(TAKER);
      farm.post(TAKER, Mail.Signal.STOP);
      farm.until("stopped, not stashed", farm.unreadable::isEmpty);
      farm.forget(TAKER);
      assertThat(farm.hear(TAKER, GIFT)).isEqualTo(new Mail.Broke(7, problem));
    } finally {
      MemoryJournal.DAMAGED.clear();
    }
    farm.until(
        "mended",
        () -> {
          farm.passesForAll(Duration.ofMillis(200));
          return farm.unreadable.isEmpty();
        });
    assertThat(farm.say(TAKER, GIFT)).isEqualTo(new Answer.Done(false));
  }

  @Test
  void aLostTellIsSaidAgainUntilItIsAnswered() {
    farm.lost = sent -> sent.says(GIFT);
    farm.say(GIVER, new Toy.Promise("gift", new Duty.Tell(TAKER, GIFT)));
    farm.until("said", () -> farm.timesSaid(TAKER, GIFT) == 1);
    farm.passes(Duration.ofSeconds(1));
    farm.until("said again", () -> farm.timesSaid(TAKER, GIFT) == 2);
    farm.passes(Duration.ofSeconds(1));
    farm.state(GIVER);
    assertThat(farm.timesSaid(TAKER, GIFT)).as("the second wait is longer").isEqualTo(2);
    farm.lost = _ -> false;
    farm.passes(Duration.ofSeconds(1));
    farm.until("arrived", () -> farm.state(TAKER).notes().contains("gift"));
    farm.passes(Duration.ofSeconds(60));
    farm.state(GIVER);
    assertThat(farm.timesSaid(TAKER, GIFT)).as("answered is quiet").isEqualTo(3);
  }

  @Test
  void aCrashedEntityOwesItsDutiesAgain() {
    farm.lost = sent -> sent.says(GIFT);
    farm.say(GIVER, new Toy.Promise("gift", new Duty.Tell(TAKER, GIFT)));
    farm.until("said", () -> farm.timesSaid(TAKER, GIFT) == 1);
    farm.crash(GIVER);
    farm.lost = _ -> false;
    farm.wake(GIVER);
    farm.until("arrived", () -> farm.state(TAKER).notes().contains("gift"));
  }

  @Test
  void anEntityWhoseJournalFailedKeepsTimeAgain() {
    EntityRef giver = pool("giver");
    farm.lost = sent -> sent.says(GIFT);
    farm.say(giver, new Toy.Promise("gift", new Duty.Tell(TAKER, GIFT)));
    farm.until("said", () -> farm.timesSaid(TAKER, GIFT) == 1);
    farm.fillsDisk();
    farm.post(
        giver,
        new Mail.Say(
            new Toy.Note("never stored"), 1, farm.kit.<Mail.Response>createTestProbe().getRef()));
    farm.until("refused", () -> MemoryJournal.REFUSED.get() > 0);
    farm.makesRoom();
    farm.until(
        "said at recovery",
        () -> {
          farm.passesForAll(Duration.ofMillis(10));
          return farm.timesSaid(TAKER, GIFT) == 2;
        });
    assertThat(farm.state(giver).notes()).isEmpty();
    farm.passes(Duration.ofMinutes(1));
    farm.until("said in its turn", () -> farm.timesSaid(TAKER, GIFT) == 3);
  }

  @Test
  void anAnsweredDutyIsTouchedAgainSinceItsReceiverMaySleepElsewhere() {
    farm.say(GIVER, new Toy.Promise("gift", new Duty.Tell(TAKER, GIFT)));
    farm.until("arrived", () -> farm.state(TAKER).notes().contains("gift"));
    answersHeardBy(GIVER);
    farm.passes(Duration.ofMinutes(3));
    farm.state(GIVER);
    assertThat(farm.timesSaid(TAKER, GIFT)).isEqualTo(1);
    farm.passes(Duration.ofMinutes(4));
    farm.until("touched", () -> farm.timesSaid(TAKER, GIFT) == 2);
  }

  @Test
  void aDutyNoLongerOwedIsNotRepeated() {
    farm.lost = sent -> sent.says(GIFT);
    farm.say(GIVER, new Toy.Promise("gift", new Duty.Tell(TAKER, GIFT)));
    farm.say(GIVER, new Toy.Drop("gift"));
    farm.passes(Duration.ofMinutes(1));
    farm.state(GIVER);
    assertThat(farm.timesSaid(TAKER, GIFT)).isLessThanOrEqualTo(1);
  }

  @Test
  void aChangedDutyIsSaidAndTheAnswerToTheOldOneQuietsItNot() {
    Toy.Note other = new Toy.Note("other");
    farm.say(GIVER, new Toy.Promise("gift", new Duty.Tell(TAKER, GIFT)));
    answersHeardBy(GIVER);
    farm.lost = sent -> sent.says(other);
    farm.say(GIVER, new Toy.Promise("gift", new Duty.Tell(TAKER, other)));
    farm.until("said", () -> farm.timesSaid(TAKER, other) == 1);
    farm.lost = _ -> false;
    farm.passes(Duration.ofSeconds(1));
    farm.until("arrived", () -> farm.state(TAKER).notes().contains("other"));
  }

  @Test
  void whatComesAfterWaitsForTheAnswer() {
    Toy.Note second = new Toy.Note("second");
    farm.lost = sent -> sent.says(GIFT);
    farm.say(
        GIVER,
        new Toy.Promise(
            Map.of(
                "b",
                new Duty.Tell(TAKER, second).after("a"),
                "a",
                new Duty.Tell(TAKER, GIFT),
                "c",
                new Duty.Deliver(new WorkerName("w"), new Protocol.Ping(), Optional.of("b")))));
    farm.until("said", () -> farm.timesSaid(TAKER, GIFT) == 1);
    farm.passes(Duration.ofSeconds(1));
    farm.until("said again", () -> farm.timesSaid(TAKER, GIFT) == 2);
    assertThat(farm.timesSaid(TAKER, second)).isZero();
    assertThat(farm.agents.delivered).isEmpty();
    farm.lost = _ -> false;
    farm.passes(Duration.ofSeconds(2));
    farm.until("both arrived", () -> farm.state(TAKER).notes().size() == 2);
    farm.until("delivered", () -> farm.agents.delivered.size() == 1);
    assertThat(farm.state(TAKER).notes()).containsExactly("gift", "second");
  }

  @Test
  void whatComesAfterNeedNotWaitForWhatIsNoLongerOwed() {
    Toy.Note second = new Toy.Note("second");
    farm.lost = sent -> sent.says(GIFT);
    farm.say(
        GIVER,
        new Toy.Promise(
            Map.of("a", new Duty.Tell(TAKER, GIFT), "b", new Duty.Tell(TAKER, second).after("a"))));
    assertThat(farm.timesSaid(TAKER, second)).isZero();
    farm.say(GIVER, new Toy.Drop("a"));
    farm.until("arrived", () -> farm.state(TAKER).notes().contains("second"));
  }

  @Test
  void anAnswerAndARefusalAreRemembered() {
    farm.say(
        GIVER,
        new Toy.Promise(
            Map.of(
                "good",
                new Duty.Tell(TAKER, GIFT).onAnswer(new Toy.Note("thanked")),
                "bad",
                new Duty.Tell(TAKER, new Toy.Nonsense()).onRefusal(new Toy.Drop("bad")))));
    farm.until("thanked", () -> farm.state(GIVER).notes().contains("thanked"));
    farm.until("dropped", () -> !farm.state(GIVER).duties().containsKey("bad"));
    assertThat(farm.state(GIVER).duties()).containsKey("good");
  }

  @Test
  void aRefusalThatNothingAnswersToIsQuiet() {
    farm.say(GIVER, new Toy.Promise("bad", new Duty.Tell(TAKER, new Toy.Nonsense())));
    farm.until("said", () -> farm.timesSaid(TAKER, new Toy.Nonsense()) == 1);
    answersHeardBy(GIVER);
    farm.passes(Duration.ofSeconds(60));
    farm.state(GIVER);
    assertThat(farm.timesSaid(TAKER, new Toy.Nonsense())).isEqualTo(1);
  }

  @Test
  void ofThousandsOfDutiesFewAreInFlightAndAllArrive() {
    Map<String, Duty> many = new HashMap<>();
    for (int i = 0; i < 3000; i++) {
      many.put("k" + i, new Duty.Tell(TAKER, new Toy.Note("n" + i)));
    }
    farm.lost = sent -> sent.to().equals(TAKER);
    farm.say(GIVER, new Toy.Promise(many));
    farm.until("the window is full", () -> farm.sent.size() == 256);
    farm.state(GIVER);
    assertThat(farm.sent).hasSize(256);
    farm.passes(Duration.ofSeconds(1));
    farm.until("the next have their turn", () -> farm.sent.size() == 512);
    assertThat(farm.sent.stream().map(ToyFarm.Sent::mail).distinct()).hasSize(512);
    farm.lost = _ -> false;
    farm.passes(Duration.ofSeconds(1));
    farm.until("all arrived", () -> farm.state(TAKER).notes().size() >= 3000 - 512);
    farm.passes(Duration.ofSeconds(2));
    farm.until("all arrived", () -> farm.state(TAKER).notes().size() == 3000);
  }

  @Test
  void aWakeComesAtItsInstantAlsoAfterACrash() {
    var at = farm.now().plusSeconds(100);
    farm.say(GIVER, new Toy.Promise("wake", new Duty.Wake(at, new Toy.Note("up"))));
    farm.passes(Duration.ofSeconds(99));
    assertThat(farm.state(GIVER).notes()).isEmpty();
    farm.crash(GIVER);
    farm.state(GIVER);
    farm.passes(Duration.ofSeconds(1));
    farm.until("woken", () -> farm.state(GIVER).notes().contains("up"));
    farm.say(GIVER, new Toy.Promise("past", new Duty.Wake(at, new Toy.Drop("past"))));
    farm.until("woken at once", () -> !farm.state(GIVER).duties().containsKey("past"));
  }

  @Test
  void noClockThatIsSetHurriesOrDelaysWhatIsOwed() {
    Duration grace = Duration.ofSeconds(100);
    farm.lost = sent -> sent.to().equals(TAKER);
    farm.say(
        GIVER,
        new Toy.Promise(
            Map.of(
                "grace",
                new Duty.Wake(farm.now().plus(grace), grace, grace, new Toy.Note("over")),
                "gift",
                new Duty.Tell(TAKER, GIFT))));
    farm.until("said", () -> farm.timesSaid(TAKER, GIFT) == 1);

    farm.clockIsSet(Duration.ofHours(-2));
    farm.passes(Duration.ofSeconds(1));
    farm.until("said again", () -> farm.timesSaid(TAKER, GIFT) == 2);
    farm.clockIsSet(Duration.ofSeconds(90));
    farm.passes(Duration.ofSeconds(20));
    assertThat(farm.state(GIVER).notes()).isEmpty();
    farm.crash(GIVER);
    assertThat(farm.state(GIVER).notes()).as("and is counted anew").isEmpty();
    farm.passes(Duration.ofSeconds(99));
    assertThat(farm.state(GIVER).notes()).isEmpty();
    farm.passes(Duration.ofSeconds(1));
    farm.until("woken", () -> farm.state(GIVER).notes().contains("over"));
  }

  @Test
  void aClockSetBackMakesNobodyWaitLongerThanAtMost() {
    Duration backoff = Duration.ofSeconds(10);
    farm.clockIsSet(Duration.ofHours(-2));
    farm.say(
        GIVER,
        new Toy.Promise(
            "backoff",
            new Duty.Wake(farm.now().plus(backoff), Duration.ZERO, backoff, new Toy.Note("over"))));
    farm.passes(backoff);
    farm.until("woken", () -> farm.state(GIVER).notes().contains("over"));
  }

  @Test
  void aWakeInManyYearsNeitherFailsNorComes() {
    farm.say(
        GIVER,
        new Toy.Promise(
            "late", new Duty.Wake(java.time.Instant.MAX, new Toy.Note("the end of time"))));
    farm.passes(Duration.ofHours(3));
    assertThat(farm.state(GIVER).notes()).isEmpty();
  }

  @Test
  void aDeliveryIsRepeatedWhileItIsOwedAndAtOnceWhenTheAgentIsBack() {
    farm.say(
        GIVER,
        new Toy.Promise(
            "run", new Duty.Deliver(new WorkerName("w"), new Protocol.Ping(), Optional.empty())));
    farm.until("delivered", () -> farm.agents.delivered.size() == 1);
    farm.passes(Duration.ofSeconds(2));
    farm.until("repeated", () -> farm.agents.delivered.size() == 2);
    assertThat(farm.agents.awaited).as("one callback an entity").hasSize(1);
    farm.agents.awaited.forEach(Runnable::run);
    farm.until("nudged", () -> farm.agents.delivered.size() == 3);
    farm.say(GIVER, new Toy.Drop("run"));
    farm.passes(Duration.ofMinutes(2));
    farm.state(GIVER);
    assertThat(farm.agents.delivered).hasSize(3);
  }

  @Test
  void theEndOfAWatchedSessionIsToldAlsoWhenItCameBefore() {
    SessionId open = new SessionId("open");
    SessionId over = new SessionId("over");
    farm.agents.open.add(open);
    farm.say(
        GIVER,
        new Toy.Promise(
            Map.of(
                "open", new Duty.Watch(open, new Toy.Drop("open")),
                "over", new Duty.Watch(over, new Toy.Drop("over")))));
    farm.until("told", () -> farm.state(GIVER).duties().keySet().equals(java.util.Set.of("open")));
    farm.agents.end(open);
    farm.until("told", () -> farm.state(GIVER).duties().isEmpty());
    assertThat(farm.agents.watched).isEmpty();
  }

  @Test
  void theSettledRestOnceAllIsAnsweredAndWakeWhenSpokenTo() {
    farm.lost = sent -> sent.says(GIFT);
    farm.say(GIVER, new Toy.Promise("gift", new Duty.Tell(TAKER, GIFT)));
    farm.say(GIVER, new Toy.Finish());
    farm.passes(Duration.ofMinutes(1));
    farm.state(GIVER);
    assertThat(farm.rested).as("owes an answered tell").doesNotContain(GIVER);
    farm.lost = _ -> false;
    // The actor may set its next timer only after the clock has moved: let it move on.
    farm.until(
        "arrived",
        () -> {
          farm.passes(Duration.ofSeconds(1));
          return farm.state(TAKER).notes().contains("gift");
        });
    answersHeardBy(GIVER);
    farm.passes(Duration.ofSeconds(3));
    farm.until("rests", () -> farm.rested.contains(GIVER) && !farm.isAwake(GIVER));
    assertThat(farm.state(GIVER).finished()).isTrue();
  }

  @Test
  void idleOnesThatOthersHoldRestAndRootsDoNot() {
    EntityRef root = pool("root");
    EntityRef waker = request("waker");
    farm.say(root, GIFT);
    farm.say(TAKER, GIFT);
    farm.say(
        waker,
        new Toy.Promise(
            "wake", new Duty.Wake(farm.now().plusSeconds(86400), new Toy.Note("later"))));
    farm.passes(Duration.ofMinutes(3));
    farm.until("rests", () -> farm.rested.contains(TAKER));
    farm.state(root);
    farm.state(waker);
    assertThat(farm.rested).containsExactly(TAKER);
  }

  @Test
  void replayEqualsLiveWithAndWithoutSnapshots() {
    farm.close();
    var usual = Surroundings.Pace.USUAL;
    farm =
        new ToyFarm(
            new Surroundings.Pace(
                usual.answerFirst(),
                usual.answerMost(),
                usual.deliverFirst(),
                usual.deliverMost(),
                usual.retouch(),
                usual.settled(),
                usual.idle(),
                7,
                usual.inFlight()));
    for (EntityRef toy : List.of(pool("snapshots"), TAKER)) {
      for (int i = 0; i < 50; i++) {
        farm.say(toy, new Toy.Note("n" + i));
        farm.say(toy, new Toy.Promise("w" + i, new Duty.Wake(farm.now().plusSeconds(86400), GIFT)));
        if (i % 3 == 0) {
          farm.say(toy, new Toy.Drop("w" + i));
        }
      }
      Toy.State live = farm.state(toy);
      farm.crash(toy);
      assertThat(farm.state(toy)).isEqualTo(live);
    }
  }

  /**
   * Waits until the taker's answers have reached {@code ref}: they lie in its mailbox before this.
   */
  private void answersHeardBy(EntityRef ref) {
    farm.state(TAKER); // what was said has been heard, and is decided next
    farm.state(TAKER);
    farm.state(ref);
  }
}
