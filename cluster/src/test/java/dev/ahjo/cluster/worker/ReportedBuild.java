package dev.ahjo.cluster.worker;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One build of one session in virtual time: an agent that reports its steps, a line that may lose
 * messages, the gate's own {@link HeldBuilds}, and the build's own rules behind it, which may be
 * out of reach for a while. The same seed is the same history.
 */
final class ReportedBuild {
  private static final BuildKey BUILD = BuildKey.parse("zlib/debian#1");
  private static final Attempt ATTEMPT = new Attempt(new RequestId("r1"), 1);
  private static final WorkerName WORKER = new WorkerName("w1");
  private static final SessionId SESSION = new SessionId("s1");

  /** An agent's patience, and the gate's, in milliseconds as all here. */
  private static final long RESEND = 5_000;

  private static final long PATIENCE = 10_000;

  /** Later than any history's end. */
  private static final long AT_LAST = 3_600_000;

  /** When an agent repeats what is not acknowledged. */
  enum Manner {
    /** When nothing was acknowledged for a while, whatever else it says meanwhile. */
    BY_PROGRESS,
    /** When it has said nothing for a while, as agents did that may still be there. */
    WHEN_QUIET,
    /** With each new report, and when it has said nothing for a while. */
    WITH_EACH
  }

  /**
   * What goes wrong.
   *
   * @param away how often the entity can't be reached for up to a minute
   * @param slow how often the entity takes its time, in per mille
   * @param loss messages that never arrive, in per mille
   * @param one whether one report is lost on its way
   * @param nonsense whether one report is of a step that there is not
   */
  record Troubles(int away, int slow, int loss, boolean one, boolean nonsense) {
    static final Troubles NONE = new Troubles(0, 0, 0, false, false);
    static final Troubles AWAY = new Troubles(2, 200, 0, false, false);
    static final Troubles ALL = new Troubles(2, 200, 100, false, false);
    static final Troubles ONE_LOST = new Troubles(0, 0, 0, true, false);
    static final Troubles NONSENSE = new Troubles(2, 200, 100, false, true);
  }

  private record Event(long at, long order, Runnable what) implements Comparable<Event> {
    @Override
    public int compareTo(Event o) {
      return at != o.at ? Long.compare(at, o.at) : Long.compare(order, o.order);
    }
  }

  private record Outage(long from, long until) {}

  private final SplittableRandom luck;
  private final Manner manner;
  private final Troubles troubles;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<Outage> outages = new ArrayList<>();
  private final HeldBuilds gate = new HeldBuilds(new Line());
  private final Build rules = new Build();
  private final int steps;
  private Build.State entity = new Build.State.Absent();
  private long now;
  private long order;
  private long lastUp;
  private long lastDown;
  private long bytes;

  // the agent
  private final List<StepReport> reports = new ArrayList<>();
  private final List<Long> madeAt = new ArrayList<>();
  private long taken;
  private long sent;
  private long waitsSince;
  private long said;
  private long longestWait;
  private long toLose;
  private final int nonsense;
  private final List<String> refusals = new ArrayList<>();

  ReportedBuild(long seed, Manner manner, Troubles troubles) {
    luck = new SplittableRandom(seed);
    this.manner = manner;
    this.troubles = troubles;
    this.steps = luck.nextInt(10, 60);
    for (int i = 0; i < troubles.away; i++) {
      long from = luck.nextLong(0, 60_000);
      outages.add(new Outage(from, from + luck.nextLong(5_000, 60_000)));
    }
    toLose = troubles.one ? luck.nextLong(1, 2L * steps) : 0;
    nonsense = troubles.nonsense ? luck.nextInt(0, steps) : -1;
    say(new Build.Command.Start(body()));
  }

  private Build.Body body() {
    List<StepDefinition> plan = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      plan.add(step("step" + i));
    }
    return new Build.Body(
        BUILD,
        ATTEMPT,
        new BuildsetId("set1"),
        WORKER,
        new PoolName("default"),
        new Plan(
            List.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            RetryPolicy.DEFAULT,
            Duration.ofMinutes(10),
            plan));
  }

  private static StepDefinition step(String name) {
    return new StepDefinition(
        name,
        new StepDefinition.Kind.Run(
            List.of(Template.of("make")),
            true,
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        Condition.ALWAYS,
        false,
        StepDefinition.OnFailure.STOP,
        Map.of(),
        Optional.empty(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        1 << 20);
  }

  /** Why the gate refused the build's reports. */
  List<String> refusals() {
    return refusals;
  }

  /** Whether the entity has heard the end, and the agent that it has. */
  boolean isOver() {
    return entity instanceof Build.State.Finished && taken == reports.size();
  }

  Build.State entity() {
    return entity;
  }

  /** Of the agent's messages, what the gate has not dealt with. */
  long bytesHeld() {
    return bytes;
  }

  /** The longest that a report took from the agent to the entity, in milliseconds. */
  long longestWait() {
    return longestWait;
  }

  void runs() {
    walk(-1);
    after(500, this::tick);
    while (!events.isEmpty() && now < AT_LAST) {
      Event next = events.remove();
      now = next.at;
      next.what.run();
    }
  }

  private void after(long millis, Runnable what) {
    events.add(new Event(now + millis, order++, what));
  }

  private boolean strikes(int perMille) {
    return perMille > 0 && luck.nextInt(1_000) < perMille;
  }

  // The agent

  private void walk(int step) {
    if (!refusals.isEmpty()) {
      return;
    }
    if (step < 0) {
      report(new StepReport.PlanKept(Instant.EPOCH));
    } else if (step == steps) {
      report(new StepReport.BuildEnded(Instant.EPOCH));
      return;
    } else {
      report(new StepReport.StepStarted(Instant.EPOCH, step == nonsense ? steps : step));
    }
    after(
        luck.nextLong(100, 3_000),
        () -> {
          if (step >= 0) {
            report(ended(step));
          }
          walk(step + 1);
        });
  }

  private static StepReport ended(int step) {
    return new StepReport.StepEnded(
        Instant.EPOCH,
        step,
        new StepReport.StepOutcome(
            Result.SUCCESS,
            OptionalInt.of(0),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false,
            List.of(),
            Optional.empty(),
            0));
  }

  private void report(StepReport report) {
    reports.add(report);
    madeAt.add(now);
    if (manner == Manner.WITH_EACH) {
      sent = taken;
    }
    send();
  }

  private void send() {
    if (sent == reports.size() || !refusals.isEmpty()) {
      return;
    }
    if (sent == taken) {
      waitsSince = now;
    }
    said = now;
    var message =
        new Protocol.Reports(BUILD, ATTEMPT, sent + 1, reports.subList((int) sent, reports.size()));
    sent = reports.size();
    boolean lost = strikes(troubles.loss) || toLose > 0 && sent == toLose;
    if (lost) {
      toLose = 0;
      return;
    }
    lastUp = Math.max(lastUp, now + luck.nextLong(1, 10));
    after(
        lastUp - now,
        () -> {
          bytes += message.reports().size();
          if (!gate.taken(message, message.reports().size())) {
            bytes -= message.reports().size();
          }
        });
  }

  private void tick() {
    long since = manner == Manner.BY_PROGRESS ? waitsSince : said;
    if (sent > taken && now - since > RESEND) {
      sent = taken;
      send();
    }
    if (!isOver() && refusals.isEmpty()) {
      after(500, this::tick);
    }
  }

  private void hear(Protocol.ToAgent message) {
    switch (message) {
      case Protocol.ReportsTaken(_, long last) -> {
        if (last > taken) {
          taken = last;
          waitsSince = now;
        }
        sent = Math.max(sent, taken);
      }
      case Protocol.ReportsRefused(_, String why) -> refusals.add(why);
      default -> throw new AssertionError("What is it to the agent? " + message);
    }
  }

  // The entity

  private Answer say(Build.Command command) {
    long before = last();
    Answer answer =
        switch (rules.decide(entity, command, Instant.EPOCH)) {
          case Decision.Accepted<Build.Fact>(var facts) -> {
            facts.forEach(fact -> entity = rules.evolve(entity, fact));
            yield new Answer.Done(!facts.isEmpty());
          }
          case Decision.Refused<Build.Fact>(var why) -> new Answer.Refused(why);
        };
    for (long number = before + 1; number <= last(); number++) {
      longestWait = Math.max(longestWait, now - madeAt.get((int) number - 1));
    }
    return answer;
  }

  private long last() {
    return switch (entity) {
      case Build.State.Running r -> r.lastReport();
      case Build.State.Finished f -> f.lastReport();
      case Build.State.Absent _, Build.State.Leased _ -> 0;
    };
  }

  /** Asks as the cluster does: again while nothing is answered, and after a while no more. */
  private void ask(Build.Command command, java.util.function.Consumer<@Nullable Answer> then) {
    boolean[] answered = new boolean[1];
    for (long wait = 0; wait < PATIENCE; wait += 1_000) {
      long way = luck.nextLong(1, strikes(troubles.slow) ? 9_000 : 50);
      after(
          wait,
          () -> {
            if (!answered[0]) {
              after(way, () -> obey(command, answered, then));
            }
          });
    }
    after(
        PATIENCE,
        () -> {
          if (!answered[0]) {
            answered[0] = true;
            then.accept(null);
          }
        });
  }

  private void obey(
      Build.Command command,
      boolean[] answered,
      java.util.function.Consumer<@Nullable Answer> then) {
    boolean away = outages.stream().anyMatch(o -> o.from <= now && now < o.until);
    // as a node dies it may still obey, and its answer be lost
    if (away && !strikes(100)) {
      return;
    }
    Answer answer = say(command);
    if (!away && !answered[0]) {
      answered[0] = true;
      then.accept(answer);
    }
  }

  private final class Line implements HeldBuilds.Courier {
    @Override
    public void tell(
        BuildKey build, Attempt attempt, long first, List<StepReport> told, long length) {
      long last = first + told.size() - 1;
      ask(
          new Build.Command.Report(WORKER, SESSION, attempt, first, told),
          answer ->
              gate.answered(
                  new SessionActor.ReportsAnswered(build, first, last, false, length, answer)));
    }

    @Override
    public void giveUp(BuildKey build, Attempt attempt, String why) {
      ask(
          new Build.Command.RefuseReports(WORKER, attempt, why),
          answer -> gate.givenUp(build, why, answer != null));
    }

    @Override
    public void say(Protocol.ToAgent message) {
      if (strikes(troubles.loss)) {
        return;
      }
      lastDown = Math.max(lastDown, now + luck.nextLong(1, 10));
      after(lastDown - now, () -> hear(message));
    }

    @Override
    public void done(long length) {
      bytes -= length;
    }
  }
}
