package dev.ahjo.core.simulator;

import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.simulator.History.Moment;
import dev.ahjo.core.simulator.World.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;

/** Makes small histories of all kinds, each from one number. */
public final class Histories {
  private static final List<Weather> WEATHERS =
      List.of(Weather.CALM, Weather.RAIN, Weather.RAIN, Weather.STORM);

  private final SplittableRandom random;
  private final List<ProjectDefinition> projects = new ArrayList<>();
  private final List<Machine> machines = new ArrayList<>();

  private Histories(long seed) {
    random = new SplittableRandom(seed);
  }

  /** The history of that number. */
  public static History of(long seed) {
    return new Histories(seed).history(seed);
  }

  private History history(long seed) {
    int count = 1 + random.nextInt(2);
    for (int i = 0; i < count; i++) {
      projects.add(project("p" + i));
    }
    int workers = 1 + random.nextInt(3);
    for (int i = 0; i < workers; i++) {
      machines.add(
          new Machine(
              new WorkerName("w" + i),
              new PoolName(chance(80) ? "main" : "side"),
              1 + random.nextInt(2),
              chance(70) ? Set.of("linux") : Set.of("linux", "arm")));
    }
    var troubles = chance(50) ? World.Troubles.NONE : new World.Troubles(80, 60, 40, 50);
    var weather = WEATHERS.get(random.nextInt(WEATHERS.size()));
    // Who sleeps alone is woken by nothing but a duty that is said again.
    boolean retouches = weather.sleep() > 0 || chance(50);
    return new History(
        seed, new World(machines, troubles), moments(), weather, retouches, Optional.empty());
  }

  private ProjectDefinition project(String name) {
    List<BuilderDefinition> builders = new ArrayList<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      List<BuilderName> needs =
          i > 0 && chance(40) ? List.of(new BuilderName("b" + random.nextInt(i))) : List.of();
      builders.add(builder("b" + i, needs));
    }
    return new ProjectDefinition(
        new ProjectName(name),
        List.of(),
        Map.of("src", new Repository("https://example.org/" + name, "main", Optional.empty())),
        Map.of(),
        Map.of("db", 1 + random.nextInt(2), "net", 1),
        builders,
        List.of(),
        List.of());
  }

  private BuilderDefinition builder(String name, List<BuilderName> needs) {
    List<LockUse> locks = new ArrayList<>();
    for (String lock : List.of("net", "db")) {
      if (chance(25)) {
        locks.add(new LockUse(lock, chance(30) ? LockUse.Mode.EXCLUSIVE : LockUse.Mode.COUNTING));
      }
    }
    List<StepDefinition> steps = new ArrayList<>();
    int count = random.nextInt(1, 4);
    for (int i = 0; i < count; i++) {
      steps.add(step(name + "s" + i));
    }
    return new BuilderDefinition(
        new BuilderName(name),
        new BuilderName(name),
        List.of(),
        new PoolName(chance(85) ? "main" : "side"),
        chance(60) ? Set.of() : chance(50) ? Set.of("linux") : Set.of("arm"),
        chance(50) ? OptionalInt.empty() : OptionalInt.of(1 + random.nextInt(2)),
        locks,
        chance(50) ? Collapse.SAME_BRANCH : Collapse.NEVER,
        needs,
        chance(90)
            ? Condition.ALWAYS
            : new Condition.Equal(
                new Condition.Operand.Name("branch"), new Condition.Operand.Text("main")),
        Map.of(),
        Map.of(),
        Map.of(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        Duration.ofSeconds(5 + random.nextInt(30)),
        new RetryPolicy(
            1 + random.nextInt(3), Duration.ofSeconds(1), Duration.ofSeconds(8), List.of()),
        steps);
  }

  private StepDefinition step(String name) {
    return new StepDefinition(
        name,
        new StepDefinition.Kind.Run(
            List.of(Template.of("make")),
            true,
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        Condition.ALWAYS,
        chance(15),
        OnFailure.values()[random.nextInt(OnFailure.values().length)],
        Map.of(),
        Optional.empty(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        1 << 20);
  }

  private List<Moment> moments() {
    List<Moment> moments = new ArrayList<>();
    for (ProjectDefinition project : projects) {
      moments.add(new Moment(0, new Act.Define(project)));
    }
    int sets = 1 + random.nextInt(6);
    long span = 5_000L + random.nextInt(60_000);
    for (int i = 0; i < sets; i++) {
      var project = projects.get(random.nextInt(projects.size()));
      List<BuilderName> builders =
          chance(50)
              ? List.of()
              : List.of(project.builders().get(random.nextInt(project.builders().size())).name());
      moments.add(
          new Moment(
              100 + random.nextLong(span),
              new Act.Submit(
                  i, project.name(), builders, chance(70) ? "" : "topic", random.nextInt(3))));
    }
    int acts = random.nextInt(9);
    for (int i = 0; i < acts; i++) {
      moments.add(new Moment(100 + random.nextLong(span + 20_000), act(sets)));
    }
    return moments;
  }

  private Act act(int sets) {
    int set = random.nextInt(sets);
    int request = random.nextInt(3);
    var worker = machines.get(random.nextInt(machines.size())).name();
    long millis = chance(70) ? 100 + random.nextLong(4_000) : 5_000 + random.nextLong(60_000);
    return switch (random.nextInt(19)) {
      case 0 -> new Act.CancelBuildset(set);
      case 1, 2 -> new Act.CancelRequest(set, request);
      case 3 -> new Act.StopBuild(set, request);
      case 4, 5 -> new Act.Unshelve(set, request);
      case 6 -> new Act.Prioritise(set, request, random.nextInt(5) - 2);
      case 7 -> new Act.Pause(worker);
      case 8 -> new Act.Drain(worker);
      case 9 -> new Act.Resume(worker);
      case 10 -> new Act.Cut(worker, millis);
      case 11 -> new Act.AgentDies(worker, millis);
      case 12 -> new Act.MachineReboots(worker, millis);
      case 13 -> new Act.DiskLost(worker, millis);
      case 14 -> new Act.Resize(worker, 1 + random.nextInt(3));
      case 15 -> new Act.NodeDies(millis);
      case 16 -> {
        var project = projects.get(random.nextInt(projects.size()));
        yield chance(80)
            ? new Act.Define(project(project.name().value()))
            : new Act.Remove(project.name());
      }
      case 17 -> new Act.MovePool(worker, new PoolName(chance(50) ? "main" : "side"));
      default -> new Act.Cut(worker, millis);
    };
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }
}
