package dev.ahjo.core.pool;

import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.W1;
import static dev.ahjo.core.Samples.attempt;
import static dev.ahjo.core.Samples.rank;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.pool.Pool.Command;
import dev.ahjo.core.pool.Pool.Fact;
import dev.ahjo.core.pool.Pool.Standing;
import dev.ahjo.core.pool.Pool.State;
import dev.ahjo.core.pool.Pool.Station;
import dev.ahjo.core.request.WaitReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoolTest {
  private static Command knows(WorkerName worker, long revision, int slots, Standing standing) {
    return new Command.KnowWorker(new Station(worker, revision, slots, Set.of("linux"), standing));
  }

  private static Message offer(int n, int priority) {
    return new Builder.HandsOn.Offer(
        attempt(n, 1), Samples.DEBIAN, Set.of("linux"), Set.of(), rank(n, priority));
  }

  static Table<Command, State, Fact> table() {
    var rules = new Pool();
    return new Table<Command, State, Fact>(rules, NOON)
        .state("empty", rules.initial("default"))
        .state("w1 with one slot", "empty", knows(W1, 5, 1, Standing.AVAILABLE))
        .state("r1 waits", "empty", offer(1, 0))
        .state("r1 on w1", "w1 with one slot", offer(1, 0))
        .state("r1 on w1, r2 waits", "r1 on w1", offer(2, 0))
        .message("Offer r1", offer(1, 0))
        .message("Offer r1, sooner", offer(1, 5))
        .message("Offer r2", offer(2, 0))
        .message("Withdraw r1", new Builder.HandsOn.Withdraw(attempt(1, 1)))
        .message("FreeSlot r1", new Command.FreeSlot(attempt(1, 1), W1))
        .message("TakeBack r1, grant 1", new Command.TakeBack(attempt(1, 1), 1))
        .message("TakeBack r1, grant 9", new Command.TakeBack(attempt(1, 1), 9))
        .message("KnowWorker w1, rev 5", knows(W1, 5, 1, Standing.AVAILABLE))
        .message("KnowWorker w1, rev 4", knows(W1, 4, 3, Standing.AVAILABLE))
        .message("KnowWorker w1, 2 slots", knows(W1, 6, 2, Standing.AVAILABLE))
        .message("KnowWorker w1, paused", knows(W1, 6, 1, Standing.PAUSED))
        .message("KnowWorker w1, gone", knows(W1, 6, 1, Standing.GONE));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            empty
              Offer r1               RequestOffered, RequestPassedOver
              Offer r1, sooner       RequestOffered, RequestPassedOver
              Offer r2               RequestOffered, RequestPassedOver
              Withdraw r1            already so
              FreeSlot r1            already so
              TakeBack r1, grant 1   already so
              TakeBack r1, grant 9   already so
              KnowWorker w1, rev 5   WorkerChanged
              KnowWorker w1, rev 4   WorkerChanged
              KnowWorker w1, 2 slots WorkerChanged
              KnowWorker w1, paused  WorkerChanged
              KnowWorker w1, gone    WorkerGone

            w1 with one slot
              Offer r1               RequestOffered, WorkerAssigned
              Offer r1, sooner       RequestOffered, WorkerAssigned
              Offer r2               RequestOffered, WorkerAssigned
              Withdraw r1            already so
              FreeSlot r1            already so
              TakeBack r1, grant 1   already so
              TakeBack r1, grant 9   already so
              KnowWorker w1, rev 5   already so
              KnowWorker w1, rev 4   no: Superseded
              KnowWorker w1, 2 slots WorkerChanged
              KnowWorker w1, paused  WorkerChanged
              KnowWorker w1, gone    WorkerGone

            r1 waits
              Offer r1               already so
              Offer r1, sooner       OfferMoved
              Offer r2               RequestOffered, RequestPassedOver
              Withdraw r1            OfferWithdrawn
              FreeSlot r1            already so
              TakeBack r1, grant 1   already so
              TakeBack r1, grant 9   already so
              KnowWorker w1, rev 5   WorkerChanged, WorkerAssigned
              KnowWorker w1, rev 4   WorkerChanged, WorkerAssigned
              KnowWorker w1, 2 slots WorkerChanged, WorkerAssigned
              KnowWorker w1, paused  WorkerChanged
              KnowWorker w1, gone    WorkerGone

            r1 on w1
              Offer r1               already so
              Offer r1, sooner       already so
              Offer r2               RequestOffered, RequestPassedOver
              Withdraw r1            SlotFreed
              FreeSlot r1            SlotFreed
              TakeBack r1, grant 1   SlotFreed
              TakeBack r1, grant 9   already so
              KnowWorker w1, rev 5   already so
              KnowWorker w1, rev 4   no: Superseded
              KnowWorker w1, 2 slots WorkerChanged
              KnowWorker w1, paused  WorkerChanged
              KnowWorker w1, gone    WorkerGone

            r1 on w1, r2 waits
              Offer r1               already so
              Offer r1, sooner       already so
              Offer r2               already so
              Withdraw r1            SlotFreed, WorkerAssigned
              FreeSlot r1            SlotFreed, WorkerAssigned
              TakeBack r1, grant 1   SlotFreed, WorkerAssigned
              TakeBack r1, grant 9   already so
              KnowWorker w1, rev 5   already so
              KnowWorker w1, rev 4   no: Superseded
              KnowWorker w1, 2 slots WorkerChanged, WorkerAssigned
              KnowWorker w1, paused  WorkerChanged
              KnowWorker w1, gone    WorkerGone
            """);
  }

  /**
   * Who gets a slot that comes free. Workers: name:slots:labels; offers in the order of their
   * submission: name:project:priority:labels:avoid.
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "the older goes first,                w1:1:,       a:p:0:: b:p:0::,         a=w1",
    "the more urgent goes first,          w1:1:,       a:p:0:: b:p:5::,         b=w1",
    "projects share fairly,               w1:2:,       a:p:0:: b:p:0:: c:q:0::, a=w1 c=w1",
    "urgency goes before fairness,        w1:2:,       a:p:9:: b:p:9:: c:q:0::, a=w1 b=w1",
    "an unfit head does not block,        w1:1:x,      a:p:0:y: b:p:0:x:,       b=w1",
    "who avoids it lets others go first,  w2:1: w1:1:, a:p:0::w1 b:p:0:: c:p:0::, a=w2 b=w1",
    "the same again where no other fits,  w1:1:x w2:1:y, a:p:0:x:w1,            a=w1"
  })
  void aFreeSlotGoesTo(String why, String workers, String offers, String expected) {
    var pool = new Story();
    pool.offers(offers);
    pool.workers(workers);
    assertThat(pool.assigned()).as(why).isEqualTo(expected);
  }

  /** Which slot a new offer gets. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "only where the labels fit      | w1:1:x w2:1:y         | a:p:0:y:                | a=w2",
        "all labels are needed          | w1:1:x w2:1:x,y       | a:p:0:x,y:              | a=w2",
        "the least used worker          | w1:2: w2:2:           | a:p:0:: b:p:0::         | a=w1 b=w2",
        "used is measured by share      | w1:1: w2:4:           | a:p:0:: b:p:0:: c:p:0:: | a=w1 b=w2 c=w2",
        "another worker where one fits  | w1:1: w2:1:           | a:p:0::w1               | a=w2",
        "waits for another that fits    | w1:1: w2:1:           | b:p:0::w1 a:p:0::w1     | b=w2",
        "the same where no other fits   | w1:1:x w2:1:y         | a:p:0:x:w1              | a=w1"
      })
  void anOfferGets(String why, String workers, String offers, String expected) {
    var pool = new Story();
    pool.workers(workers);
    pool.offers(offers);
    assertThat(pool.assigned()).as(why).isEqualTo(expected);
  }

  private static Set<String> labels(String list) {
    return list.isEmpty() ? Set.of() : Set.of(list.split(","));
  }

  @Test
  void saysWhyARequestWaits() {
    var pool = new Story();
    pool.offer("a", 1, "p", 0, Set.of("linux"), Set.of());
    assertThat(pool.why(1)).isEqualTo(WaitReason.Code.NO_WORKER_WITH_LABELS);
    pool.worker("w1", 1, Set.of("linux"), Standing.AWAY);
    assertThat(pool.why(1)).isEqualTo(WaitReason.Code.WORKERS_AWAY);
    pool.worker("w1", 1, Set.of("linux"), Standing.QUARANTINED);
    assertThat(pool.why(1)).isEqualTo(WaitReason.Code.WORKERS_QUARANTINED);
    pool.worker("w1", 1, Set.of("linux"), Standing.DRAINING);
    assertThat(pool.why(1)).isEqualTo(WaitReason.Code.WORKERS_PAUSED);
    pool.worker("w1", 1, Set.of("linux"), Standing.AVAILABLE);
    assertThat(pool.why(1)).as("it runs").isNull();
    pool.offer("b", 2, "p", 0, Set.of("linux"), Set.of());
    assertThat(pool.why(2)).isEqualTo(WaitReason.Code.ALL_SLOTS_BUSY);
  }

  @Test
  void whoeverAvoidsAWorkerTakesItWhenTheOthersLeave() {
    var pool = new Story();
    pool.worker("w1", 1, Set.of(), Standing.AVAILABLE);
    pool.worker("w2", 1, Set.of(), Standing.AVAILABLE);
    pool.offer("a", 1, "p", 9, Set.of(), Set.of("w1"));
    pool.offer("b", 2, "p", 0, Set.of(), Set.of("w1"));
    assertThat(pool.assigned()).isEqualTo("a=w2");
    assertThat(pool.why(2)).isEqualTo(WaitReason.Code.AVOIDING_WORKER);
    pool.worker("w2", 1, Set.of(), Standing.AWAY);
    assertThat(pool.assigned()).isEqualTo("a=w2 b=w1");
  }

  @Test
  void aLateOfferOfABuildThatIsOverIsToldApart() {
    var grants =
        table().state("late", "r1 on w1", new Command.FreeSlot(attempt(1, 1), W1), offer(1, 0));
    assertThat(grants.get("late").assigned().get(attempt(1, 1)))
        .satisfies(a -> assertThat(a.grant()).isEqualTo(2));
  }

  @Test
  void fewerSlotsThrowNobodyOut() {
    var pool =
        table()
            .state(
                "shrunk",
                "w1 with one slot",
                knows(W1, 6, 2, Standing.AVAILABLE),
                offer(1, 0),
                offer(2, 0),
                knows(W1, 7, 1, Standing.AVAILABLE),
                offer(3, 0),
                new Command.FreeSlot(attempt(1, 1), W1));
    assertThat(pool.get("shrunk").assigned().keySet()).containsExactly(attempt(2, 1));
  }

  private static final class Story {
    private final Pool rules = new Pool();
    private final Map<Integer, String> names = new HashMap<>();
    private State state = rules.initial("default");
    private long revision;

    void offers(String offers) {
      int n = 0;
      for (String offer : offers.split(" ")) {
        String[] o = offer.split(":", -1);
        offer(o[0], ++n, o[1], Integer.parseInt(o[2]), labels(o[3]), labels(o[4]));
      }
    }

    void workers(String workers) {
      for (String worker : workers.split(" ")) {
        String[] w = worker.split(":", -1);
        worker(w[0], Integer.parseInt(w[1]), labels(w[2]), Standing.AVAILABLE);
      }
    }

    void offer(
        String name, int n, String project, int priority, Set<String> labels, Set<String> avoid) {
      names.put(n, name);
      Set<WorkerName> avoided = new java.util.HashSet<>();
      avoid.forEach(w -> avoided.add(new WorkerName(w)));
      say(
          new Builder.HandsOn.Offer(
              attempt(n, 1),
              new BuilderKey(new ProjectName(project), new BuilderName("b")),
              labels,
              avoided,
              rank(n, priority)));
    }

    void worker(String name, int slots, Set<String> labels, Standing standing) {
      say(
          new Command.KnowWorker(
              new Station(new WorkerName(name), ++revision, slots, labels, standing)));
    }

    private void say(Message message) {
      if (rules.decide(state, rules.understand(message), NOON)
          instanceof Decision.Accepted<Fact>(List<Fact> facts)) {
        facts.forEach(fact -> state = rules.evolve(state, fact));
      }
    }

    String assigned() {
      List<String> all = new ArrayList<>();
      names.forEach((n, name) -> {
        var a = state.assigned().get(attempt(n, 1));
        if (a != null) {
          all.add(name + "=" + a.worker());
        }
      });
      return String.join(" ", all.stream().sorted().toList());
    }

    WaitReason.@Nullable Code why(int n) {
      var why = Pool.why(state, attempt(n, 1));
      return why == null ? null : why.code();
    }
  }
}
