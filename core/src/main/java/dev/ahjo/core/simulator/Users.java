package dev.ahjo.core.simulator;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.buildset.Planner;
import dev.ahjo.core.buildset.Submission;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.Ids;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The people: each says what an act means until somebody answers. */
final class Users {
  private static final long AGAIN = 2_000;
  private static final String SOMEBODY = "somebody";

  private final Simulation farm;
  private final Map<String, Result> endings = new HashMap<>();
  private final Map<String, Long> lengths = new HashMap<>();
  private final Set<BuildsetId> submitted = new HashSet<>();

  Users(Simulation farm) {
    this.farm = farm;
  }

  /** How steps of that name have to end, if an act has said so. */
  Optional<Result> result(String step) {
    return Optional.ofNullable(endings.get(step));
  }

  /** How many milliseconds steps of that name take, if an act has said so. */
  Optional<Long> length(String step) {
    return Optional.ofNullable(lengths.get(step));
  }

  /** The buildsets that somebody has asked for. */
  Set<BuildsetId> submitted() {
    return submitted;
  }

  void act(Act act) {
    switch (act) {
      case Act.Define a ->
          ask(EntityRef.of(a.project().name()), new Project.Command.Define(a.project(), SOMEBODY));
      case Act.Remove a -> ask(EntityRef.of(a.project()), new Project.Command.Remove(SOMEBODY));
      case Act.Submit a -> submit(a);
      case Act.CancelBuildset a ->
          ask(EntityRef.of(set(a.set())), new Buildset.Command.Cancel(SOMEBODY, "no need"));
      case Act.CancelRequest a ->
          ask(
              EntityRef.of(request(a.set(), a.request())),
              new BuildRequest.Command.Cancel(SOMEBODY, "no need"));
      case Act.StopBuild a -> stopBuild(a);
      case Act.Unshelve a ->
          ask(
              EntityRef.of(request(a.set(), a.request())),
              new BuildRequest.Command.Unshelve(SOMEBODY));
      case Act.Prioritise a ->
          ask(
              EntityRef.of(request(a.set(), a.request())),
              new BuildRequest.Command.Prioritise(a.priority(), SOMEBODY));
      case Act.Pause a -> ask(EntityRef.of(a.worker()), new Worker.Command.Pause(SOMEBODY));
      case Act.Drain a -> ask(EntityRef.of(a.worker()), new Worker.Command.Drain(SOMEBODY));
      case Act.Resume a -> ask(EntityRef.of(a.worker()), new Worker.Command.Resume(SOMEBODY));
      case Act.Cut a -> farm.gate().agent(a.worker()).ifPresent(w -> w.act(a));
      case Act.AgentDies a -> farm.gate().agent(a.worker()).ifPresent(w -> w.act(a));
      case Act.MachineReboots a -> farm.gate().agent(a.worker()).ifPresent(w -> w.act(a));
      case Act.DiskLost a -> farm.gate().agent(a.worker()).ifPresent(w -> w.act(a));
      case Act.Resize a -> farm.gate().agent(a.worker()).ifPresent(w -> w.act(a));
      case Act.MovePool a -> farm.gate().agent(a.worker()).ifPresent(w -> w.act(a));
      case Act.NodeDies a -> farm.nodeDies(a.millis());
      case Act.StepEnds a -> endings.put(a.step(), a.result());
      case Act.StepTakes a -> lengths.put(a.step(), a.millis());
      case Act.Wait _ -> farm.tell(() -> "nobody does anything");
    }
  }

  private void submit(Act.Submit a) {
    if (!(farm.state(EntityRef.of(a.project())) instanceof Project.State.Defined project)) {
      return;
    }
    var asked =
        new Submission(
            a.project(),
            a.builders(),
            a.branch().isEmpty() ? Optional.empty() : Optional.of(a.branch()),
            Optional.empty(),
            Map.of(),
            Map.of(),
            a.priority(),
            "why not",
            SOMEBODY);
    var id = set(a.set());
    switch (Planner.plan(project.definition(), project.version(), asked, id, "print" + a.set())) {
      case Planner.Planned.Ready ready -> {
        submitted.add(id);
        ask(EntityRef.of(id), ready.open());
      }
      case Planner.Planned.Wrong wrong -> farm.tell(() -> "no plan: " + wrong.problems());
    }
  }

  private void stopBuild(Act.StopBuild a) {
    var ref = EntityRef.of(request(a.set(), a.request()));
    if (farm.known(ref) && farm.state(ref) instanceof BuildRequest.State.Running running) {
      ask(
          EntityRef.of(running.build()),
          new Build.Command.Stop(SOMEBODY, "enough", Optional.empty()));
    }
  }

  static BuildsetId set(int number) {
    return new BuildsetId(String.format(Locale.ROOT, "set%03d", number));
  }

  static RequestId request(int set, int request) {
    return Ids.request(set(set), request);
  }

  private void ask(EntityRef to, Message message) {
    if (to.type() == EntityType.REQUEST && !farm.known(to)) {
      return;
    }
    boolean[] answered = new boolean[1];
    askUntil(to, message, answered);
  }

  private void askUntil(EntityRef to, Message message, boolean[] answered) {
    if (answered[0]) {
      return;
    }
    farm.say("somebody", to, message, _ -> answered[0] = true);
    farm.after(AGAIN, () -> askUntil(to, message, answered));
  }
}
