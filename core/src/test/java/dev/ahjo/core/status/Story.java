package dev.ahjo.core.status;

import dev.ahjo.core.Rules;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.buildset.Planner;
import dev.ahjo.core.buildset.Submission;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.Ids;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A farm of the real rules, told as a story: each line says something to it, and every message that
 * is owed arrives at once and in order. What the journal would hold is handed to {@link Journal}.
 */
public final class Story {
  public static final Instant BEGIN = Instant.parse("2026-11-01T08:00:00Z");
  private static final PoolName POOL = new PoolName("default");

  /** Takes down the records, as a journal would. */
  public interface Journal {
    void record(EntityRef entity, long sequenceNr, Instant at, List<Fact> facts);
  }

  private record Letter(EntityRef from, String key, Duty.Tell tell) {}

  /** One entity and what it has had answered. */
  private static final class Resident {
    final Entity<Message, Object, Fact> rules;
    Object state;
    long records;
    final Map<String, Duty> answered = new HashMap<>();
    final Map<String, Duty.Tell> waiting = new TreeMap<>();
    final Map<String, Duty.Wake> wakes = new TreeMap<>();

    @SuppressWarnings("unchecked") // each entity is only told what its rules understand
    Resident(EntityRef ref) {
      rules = (Entity<Message, Object, Fact>) (Entity<?, ?, ?>) Rules.of(ref.type());
      state = rules.initial(ref.id());
    }
  }

  private final Journal journal;
  private final Map<EntityRef, Resident> residents = new HashMap<>();
  private final ArrayDeque<Letter> post = new ArrayDeque<>();
  private final Map<ProjectName, ProjectDefinition> projects = new HashMap<>();
  private final Map<WorkerName, SessionId> sessions = new HashMap<>();
  private final Map<BuildKey, Long> reports = new HashMap<>();
  private Instant now = BEGIN;
  private long made;

  public Story(Journal journal) {
    this.journal = journal;
  }

  public Instant now() {
    return now;
  }

  // --- what people and machines do

  public void project(String name, BuilderDefinition... builders) {
    var definition =
        new ProjectDefinition(
            new ProjectName(name),
            List.of("supported"),
            Map.of("main", new Repository("https://git.example.org/x", "master", Optional.empty())),
            Map.of("cflags", "-O2"),
            Map.of(),
            List.of(builders),
            List.of(),
            List.of());
    projects.put(definition.name(), definition);
    say(EntityRef.of(definition.name()), new Project.Command.Define(definition, "ann"));
  }

  /** A builder of one step that is tried up to three times, a second after each loss. */
  public static BuilderDefinition builder(String name, String... needs) {
    return new BuilderDefinition(
        new BuilderName(name),
        new BuilderName(name),
        List.of(),
        POOL,
        Set.of(),
        OptionalInt.empty(),
        List.of(),
        BuilderDefinition.Collapse.NEVER,
        List.of(needs).stream().map(BuilderName::new).toList(),
        Condition.ALWAYS,
        Map.of(),
        Map.of(),
        Map.of(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        Duration.ofMinutes(2),
        new RetryPolicy(3, Duration.ofSeconds(1), Duration.ofSeconds(1), List.of()),
        List.of(
            new StepDefinition(
                "compile",
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
                1 << 20)));
  }

  public static BuilderDefinition collapsing(BuilderDefinition b) {
    return with(b, b.locks(), BuilderDefinition.Collapse.SAME_BRANCH);
  }

  /** It has the lock for itself while it builds. */
  public static BuilderDefinition locking(BuilderDefinition b, String lock) {
    return with(b, List.of(new LockUse(lock, LockUse.Mode.EXCLUSIVE)), b.collapse());
  }

  private static BuilderDefinition with(
      BuilderDefinition b, List<LockUse> locks, BuilderDefinition.Collapse collapse) {
    return new BuilderDefinition(
        b.name(),
        b.group(),
        b.tags(),
        b.pool(),
        b.labels(),
        b.limit(),
        locks,
        collapse,
        b.needs(),
        b.when(),
        b.matrix(),
        b.properties(),
        b.env(),
        b.timeout(),
        b.maxTime(),
        b.grace(),
        b.retry(),
        b.steps());
  }

  public void worker(String name, int slots) {
    var worker = new WorkerName(name);
    var session = new SessionId("s" + String.format("%06d", ++made));
    sessions.put(worker, session);
    say(
        EntityRef.of(worker),
        new Worker.Command.Join(
            session,
            new Worker.Registration(
                worker, name + "-folder", slots, Set.of(), POOL, Map.of("os", "linux")),
            List.of()));
  }

  public void leaves(String worker) {
    var name = new WorkerName(worker);
    say(
        EntityRef.of(name),
        new Worker.Command.Leave(Objects.requireNonNull(sessions.remove(name))));
  }

  /** Submits builders of a project; all of them if none is named. */
  public Buildset.Command.Open submit(String project, String... builders) {
    return submit(project, 0, builders);
  }

  public Buildset.Command.Open submit(String project, int priority, String... builders) {
    var name = new ProjectName(project);
    var asked =
        new Submission(
            name,
            List.of(builders).stream().map(BuilderName::new).toList(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Map.of(),
            priority,
            "a push",
            "ann");
    var planned =
        Planner.plan(
            Objects.requireNonNull(projects.get(name)),
            1,
            asked,
            new BuildsetId(Ids.at(now, 0, ++made)),
            "f" + made);
    var open = ((Planner.Planned.Ready) planned).open();
    say(EntityRef.of(open.id()), open);
    return open;
  }

  /** The agent keeps the plan and begins its first step. */
  public void starts(String build) {
    var at = now;
    report(build, new StepReport.PlanKept(at), new StepReport.StepStarted(at, 0));
  }

  /** The agent reports the end of the only step, and of the build. */
  public void ends(String build, Result result) {
    var at = now;
    report(
        build,
        new StepReport.StepEnded(
            at,
            0,
            new StepOutcome(
                result,
                OptionalInt.of(result.good() ? 0 : 1),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                List.of(new StepReport.Stream("stdio", false, 1234)),
                Optional.empty(),
                0)),
        new StepReport.BuildEnded(at));
  }

  public void report(String build, StepReport... said) {
    var key = BuildKey.parse(build);
    var body = Build.body((Build.State) resident(EntityRef.of(key)).state);
    long first = reports.merge(key, (long) said.length, Long::sum) - said.length + 1;
    say(
        EntityRef.of(key),
        new Build.Command.Report(
            body.worker(),
            Objects.requireNonNull(sessions.get(body.worker())),
            body.attempt(),
            first,
            List.of(said)));
  }

  /** Lets time pass; who set an alarm is woken. */
  public void passes(Duration time) {
    now = now.plus(time);
    boolean woken = true;
    while (woken) {
      woken = false;
      for (var entry : List.copyOf(residents.entrySet())) {
        for (var wake : List.copyOf(entry.getValue().wakes.entrySet())) {
          if (!wake.getValue().at().isAfter(now)) {
            entry.getValue().wakes.remove(wake.getKey());
            say(entry.getKey(), wake.getValue().command());
            woken = true;
          }
        }
      }
    }
  }

  /** Says {@code message}, and delivers all that follows from it. */
  public Optional<Refusal> say(EntityRef to, Message message) {
    var refused = hear(to, message);
    while (!post.isEmpty()) {
      deliver(post.remove());
    }
    return refused;
  }

  public Object state(EntityRef of) {
    return resident(of).state;
  }

  /** The attempt that a build is. */
  public Attempt attempt(String build) {
    return Build.body((Build.State) state(EntityRef.of(BuildKey.parse(build)))).attempt();
  }

  // --- how it is carried about

  private Resident resident(EntityRef ref) {
    return residents.computeIfAbsent(ref, Resident::new);
  }

  private Optional<Refusal> hear(EntityRef to, Message message) {
    Resident r = resident(to);
    return switch (r.rules.decide(r.state, r.rules.understand(message), now)) {
      case Decision.Refused<Fact> refused -> Optional.of(refused.why());
      case Decision.Accepted<Fact> accepted -> {
        if (!accepted.facts().isEmpty()) {
          journal.record(to, ++r.records, now, accepted.facts());
        }
        for (Fact fact : accepted.facts()) {
          Object before = r.state;
          r.state = r.rules.evolve(before, fact);
          for (String key : r.rules.touched(before, r.state, fact)) {
            owe(to, r, key, r.rules.duty(r.state, key));
          }
        }
        yield Optional.empty();
      }
    };
  }

  private void owe(EntityRef from, Resident r, String key, @Nullable Duty duty) {
    r.waiting.remove(key);
    r.wakes.remove(key);
    if (duty == null) {
      r.answered.remove(key);
      return;
    }
    if (duty.equals(r.answered.get(key))) {
      return;
    }
    r.answered.remove(key);
    switch (duty) {
      case Duty.Wake wake -> r.wakes.put(key, wake);
      case Duty.Tell tell -> {
        var first = tell.after().orElse("");
        if (tell.after().isPresent()
            && r.rules.duty(r.state, first) != null
            && !r.answered.containsKey(first)) {
          r.waiting.put(key, tell);
        } else {
          post.add(new Letter(from, key, tell));
        }
      }
      // The story itself is the agent and the network.
      case Duty.Deliver _, Duty.Watch _ -> {}
    }
  }

  private void deliver(Letter letter) {
    Resident sender = resident(letter.from());
    Duty.Tell tell = letter.tell();
    if (!tell.equals(sender.rules.duty(sender.state, letter.key()))
        || tell.equals(sender.answered.get(letter.key()))) {
      return;
    }
    var refused = hear(tell.to(), tell.message());
    sender.answered.put(letter.key(), tell);
    (refused.isPresent() ? tell.onRefusal() : tell.onAnswer())
        .ifPresent(reply -> hear(letter.from(), reply));
    for (var next : List.copyOf(sender.waiting.entrySet())) {
      if (next.getValue().after().equals(Optional.of(letter.key()))) {
        sender.waiting.remove(next.getKey());
        post.add(new Letter(letter.from(), next.getKey(), next.getValue()));
      }
    }
  }
}
