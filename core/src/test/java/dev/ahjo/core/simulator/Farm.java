package dev.ahjo.core.simulator;

import dev.ahjo.core.Rules;
import dev.ahjo.core.Samples;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.Ending;
import dev.ahjo.core.simulator.History.Moment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tells a story of the farm, and then lets it happen, in fine weather. */
final class Farm {
  private static final ProjectName PROJECT = new ProjectName("zlib");

  private final List<Moment> moments = new ArrayList<>();
  private final List<World.Machine> machines = new ArrayList<>();
  private final List<BuilderDefinition> builders = new ArrayList<>();
  private final Map<String, Integer> locks = new LinkedHashMap<>();
  private long now = 1_000;
  private int sets;
  private @Nullable Outcome end;

  /** A machine with that many slots. */
  Farm machine(String name, int slots) {
    machines.add(
        new World.Machine(new WorkerName(name), new PoolName("main"), slots, Set.of("linux")));
    return this;
  }

  Farm lock(String name, int places) {
    locks.put(name, places);
    return this;
  }

  /** A builder whose steps take a second each. */
  BuilderStory builder(String name, String... steps) {
    for (String step : steps) {
      takes(step, 1_000);
    }
    return new BuilderStory(name, steps);
  }

  Farm takes(String step, long millis) {
    return act(0, new Act.StepTakes(step, millis));
  }

  /** From now on; a retry is a failure that a retry rule matches. */
  Farm ends(String step, Result result) {
    return act(now, new Act.StepEnds(step, result));
  }

  Farm submits(String... builders) {
    return submits(0, builders);
  }

  Farm submits(int priority, String... wanted) {
    return act(
        now,
        new Act.Submit(
            sets++, PROJECT, Arrays.stream(wanted).map(BuilderName::new).toList(), "", priority));
  }

  Farm after(long millis) {
    now += millis;
    return this;
  }

  Farm cuts(String worker, long millis) {
    return act(now, new Act.Cut(new WorkerName(worker), millis));
  }

  Farm killsAgent(String worker, long millis) {
    return act(now, new Act.AgentDies(new WorkerName(worker), millis));
  }

  Farm losesDisk(String worker) {
    return act(now, new Act.DiskLost(new WorkerName(worker), 2_000));
  }

  Farm reboots(String worker) {
    return act(now, new Act.MachineReboots(new WorkerName(worker), 5_000));
  }

  Farm killsNode(long millis) {
    return act(now, new Act.NodeDies(millis));
  }

  Farm pauses(String worker) {
    return act(now, new Act.Pause(new WorkerName(worker)));
  }

  Farm resumes(String worker) {
    return act(now, new Act.Resume(new WorkerName(worker)));
  }

  Farm cancels(int set) {
    return act(now, new Act.CancelBuildset(set));
  }

  Farm stops(int set, int request) {
    return act(now, new Act.StopBuild(set, request));
  }

  Farm unshelves(int set, int request) {
    return act(now, new Act.Unshelve(set, request));
  }

  private Farm act(long at, Act act) {
    moments.add(new Moment(at, act));
    return this;
  }

  /** An hour passes; whatever can be done is done. */
  Farm comesToRest() {
    List<Moment> all = new ArrayList<>(moments);
    all.add(
        new Moment(
            0,
            new Act.Define(
                new ProjectDefinition(
                    PROJECT,
                    List.of(),
                    Map.of(
                        "src",
                        new Repository("https://example.org/zlib", "main", Optional.empty())),
                    Map.of(),
                    locks,
                    builders,
                    List.of(),
                    List.of()))));
    all.add(new Moment(now + 3_600_000, new Act.Wait()));
    var history =
        new History(
            1,
            new World(machines, World.Troubles.NONE),
            all,
            Weather.CALM,
            false,
            Optional.empty());
    Outcome outcome = Simulation.run(history, Rules::of, true);
    outcome
        .violation()
        .ifPresent(found -> {
          throw new AssertionError(String.join("\n", outcome.story()), found);
        });
    end = outcome;
    return this;
  }

  private Outcome end() {
    return java.util.Objects.requireNonNull(end, "the story has not come to rest");
  }

  /** What became of a request: each attempt, then its own end. */
  String request(int set, int index) {
    var state =
        (BuildRequest.State)
            end()
                .states()
                .getOrDefault(
                    EntityRef.of(Users.request(set, index)), new BuildRequest.State.Absent());
    if (state instanceof BuildRequest.State.Absent) {
      return "absent";
    }
    var attempts =
        BuildRequest.body(state).ledger().stream()
            .map(t -> ending(t.ending()) + " on " + t.worker())
            .collect(Collectors.joining(", "));
    return (attempts.isEmpty() ? "" : attempts + ": ") + BuildRequest.label(state);
  }

  private static String ending(Ending ending) {
    return switch (ending) {
      case Ending.Completed e -> e.result().label();
      case Ending.Stopped _ -> "stopped";
      case Ending.Transient e -> e.cause().name().toLowerCase(java.util.Locale.ROOT);
    };
  }

  /** When the lines of the story that contain {@code text} happened, in order. */
  List<String> told(String text) {
    return end().story().stream()
        .map(String::strip)
        .filter(line -> line.contains(text))
        .map(line -> line.replaceFirst("^\\S+\\s+", ""))
        .toList();
  }

  /** A builder in the making; joins the farm with {@link #then}. */
  final class BuilderStory {
    private final String name;
    private final List<StepDefinition> steps;
    private List<BuilderName> needs = List.of();
    private List<LockUse> uses = List.of();
    private OptionalInt limit = OptionalInt.empty();
    private Collapse collapse = Collapse.NEVER;
    private int retries = 3;
    private Duration grace = Duration.ofMinutes(2);

    private BuilderStory(String name, String... steps) {
      this.name = name;
      this.steps = Arrays.stream(steps).map(Samples::step).toList();
    }

    BuilderStory needs(String builder) {
      needs = List.of(new BuilderName(builder));
      return this;
    }

    BuilderStory uses(String lock) {
      uses = List.of(new LockUse(lock, LockUse.Mode.EXCLUSIVE));
      return this;
    }

    BuilderStory limit(int builds) {
      limit = OptionalInt.of(builds);
      return this;
    }

    BuilderStory collapses() {
      collapse = Collapse.SAME_BRANCH;
      return this;
    }

    BuilderStory retries(int attempts) {
      retries = attempts;
      return this;
    }

    BuilderStory grace(Duration time) {
      grace = time;
      return this;
    }

    Farm then() {
      builders.add(
          new BuilderDefinition(
              new BuilderName(name),
              new BuilderName(name),
              List.of(),
              new PoolName("main"),
              Set.of(),
              limit,
              uses,
              collapse,
              needs,
              Condition.ALWAYS,
              Map.of(),
              Map.of(),
              Map.of(),
              Duration.ofMinutes(20),
              Duration.ofHours(4),
              grace,
              new RetryPolicy(retries, Duration.ofSeconds(10), Duration.ofMinutes(10), List.of()),
              steps));
      return Farm.this;
    }
  }
}
