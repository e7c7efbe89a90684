package dev.ahjo.core.buildset;

import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.kernel.Turn;
import dev.ahjo.core.project.Result;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * One set of source stamps, and the graph of builders to run on it. A node whose needs have all
 * succeeded becomes a request; one whose needs have not is skipped. When every node has ended, so
 * has the buildset.
 */
public final class Buildset implements Entity<Buildset.Command, Buildset.State, Buildset.Fact> {

  /** One builder in the graph, and the request it becomes. */
  public record Node(RequestId request, Set<RequestId> needs, boolean wanted, RequestSpec spec) {
    public Node {
      needs = Set.copyOf(needs);
    }
  }

  public sealed interface Command extends Message {
    /**
     * @param fingerprint of what was asked for: the same id with another one is somebody's mistake
     */
    record Open(
        BuildsetId id,
        String fingerprint,
        ProjectName project,
        String reason,
        String by,
        int priority,
        List<Node> nodes)
        implements Command {
      public Open {
        nodes = List.copyOf(nodes);
      }
    }

    /** A request of this buildset has ended for good; {@code build} is its last attempt, if any. */
    record EndRequest(RequestId request, Result result, Optional<BuildKey> build)
        implements Command {}

    record Cancel(String by, String reason) implements Command {}
  }

  /** What a buildset says to its requests. */
  public sealed interface HandsOn extends Message {
    record OpenRequest(
        RequestId id, BuildsetId buildset, RequestSpec spec, int priority, Instant submittedAt)
        implements HandsOn {}

    record CancelRequest(RequestId id, String by, String reason) implements HandsOn {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    record BuildsetOpened(
        BuildsetId id,
        String fingerprint,
        ProjectName project,
        String reason,
        String by,
        int priority,
        Instant at,
        List<Node> nodes)
        implements Fact {
      public BuildsetOpened {
        nodes = List.copyOf(nodes);
      }
    }

    /** The node's needs have succeeded: {@code inputs} are their builds, by builder name. */
    record RequestUnblocked(RequestId request, Map<String, BuildKey> inputs) implements Fact {
      public RequestUnblocked {
        inputs = Map.copyOf(inputs);
      }
    }

    record RequestSkipped(RequestId request, String because) implements Fact {}

    record RequestEnded(RequestId request, Result result, Optional<BuildKey> build)
        implements Fact {}

    record BuildsetCancelled(String by, String reason) implements Fact {}

    record BuildsetFinished(Result result) implements Fact {}
  }

  public sealed interface State {
    record Absent() implements State {}

    record Open(
        Fact.BuildsetOpened what,
        PMap<RequestId, NodeState> nodes,
        Optional<Fact.BuildsetCancelled> cancelled)
        implements State {}

    /**
     * @param requests what it opened, for whoever submits it a second time
     */
    record Finished(
        BuildsetId id, String fingerprint, Result result, PMap<RequestId, BuilderKey> requests)
        implements State {}
  }

  /** Where one node stands. */
  public sealed interface NodeState {
    record Blocked() implements NodeState {}

    record Opened(Map<String, BuildKey> inputs) implements NodeState {
      public Opened {
        inputs = Map.copyOf(inputs);
      }
    }

    record Ended(Result result, Optional<BuildKey> build) implements NodeState {}
  }

  private static PMap<RequestId, BuilderKey> requests(List<Node> nodes) {
    PMap<RequestId, BuilderKey> requests = HashTreePMap.empty();
    for (Node node : nodes) {
      requests = requests.plus(node.request(), node.spec().builder());
    }
    return requests;
  }

  /** What a submission with that fingerprint opened; empty when it has opened nothing. */
  public static Map<RequestId, BuilderKey> opened(State state, String fingerprint) {
    return switch (state) {
      case State.Open s when s.what().fingerprint().equals(fingerprint) ->
          requests(s.what().nodes());
      case State.Finished s when s.fingerprint().equals(fingerprint) -> s.requests();
      case State.Absent _, State.Open _, State.Finished _ -> Map.of();
    };
  }

  @Override
  public EntityType type() {
    return EntityType.BUILDSET;
  }

  @Override
  public State initial(String id) {
    return new State.Absent();
  }

  @Override
  public Command understand(Message message) {
    return (Command) message;
  }

  private record When(State state, Command command) {}

  @Override
  public Decision<Fact> decide(State state, Command command, Instant now) {
    return switch (new When(state, command)) {
      case When(State.Absent _, Command.Open c) -> open(c, now);
      case When(State.Open s, Command.Open c) -> sameOr(s.what().fingerprint(), c);
      case When(State.Finished s, Command.Open c) -> sameOr(s.fingerprint(), c);
      case When(State.Open s, Command.EndRequest c) -> endRequest(s, c);
      case When(State.Finished _, Command.EndRequest _) -> alreadySo();
      case When(State.Open s, Command.Cancel c) -> cancel(s, c);
      case When(State.Finished _, Command.Cancel _) -> alreadySo();
      case When(State.Absent _, Command _) -> refuse(new Refusal.NotFound("buildset", ""));
    };
  }

  private static Decision<Fact> sameOr(String fingerprint, Command.Open again) {
    return fingerprint.equals(again.fingerprint())
        ? alreadySo()
        : refuse(
            "the same content as the first time", "buildset " + again.id() + " made otherwise");
  }

  private Decision<Fact> open(Command.Open c, Instant now) {
    var turn = new Turn<State, Fact>(this, new State.Absent());
    turn.record(
        new Fact.BuildsetOpened(
            c.id(),
            c.fingerprint(),
            c.project(),
            c.reason(),
            c.by(),
            c.priority(),
            now,
            c.nodes()));
    for (Node node : c.nodes()) {
      if (!node.wanted()) {
        turn.record(new Fact.RequestSkipped(node.request(), "its condition does not hold"));
      }
    }
    return advance(turn);
  }

  private Decision<Fact> endRequest(State.Open s, Command.EndRequest c) {
    return switch (s.nodes().get(c.request())) {
      case null -> refuse(new Refusal.NotFound("request", c.request().value()));
      case NodeState.Ended _ -> alreadySo();
      case NodeState _ ->
          advance(
              new Turn<State, Fact>(this, s)
                  .record(new Fact.RequestEnded(c.request(), c.result(), c.build())));
    };
  }

  private Decision<Fact> cancel(State.Open s, Command.Cancel c) {
    if (s.cancelled().isPresent()) {
      return alreadySo();
    }
    var turn = new Turn<State, Fact>(this, s);
    turn.record(new Fact.BuildsetCancelled(c.by(), c.reason()));
    s.nodes()
        .forEach((request, node) -> {
          if (node instanceof NodeState.Blocked) {
            turn.record(new Fact.RequestEnded(request, Result.CANCELLED, Optional.empty()));
          }
        });
    return advance(turn);
  }

  /** Opens and skips whatever the nodes ended so far decide, then ends the buildset if all have. */
  private static Decision<Fact> advance(Turn<State, Fact> turn) {
    boolean moved = true;
    while (moved) {
      moved = false;
      var open = (State.Open) turn.state();
      for (Node node : open.what().nodes()) {
        var now = (State.Open) turn.state();
        if (!(now.nodes().get(node.request()) instanceof NodeState.Blocked)) {
          continue;
        }
        Optional<Fact> step = unblock(now, node);
        if (step.isPresent()) {
          turn.record(step.get());
          moved = true;
        }
      }
    }
    var open = (State.Open) turn.state();
    if (open.nodes().values().stream().allMatch(NodeState.Ended.class::isInstance)) {
      Result worst =
          open.nodes().values().stream()
              .map(n -> ((NodeState.Ended) n).result())
              .reduce(Result.SKIPPED, Result::worse);
      turn.record(new Fact.BuildsetFinished(worst));
    }
    return turn.accept();
  }

  private static Optional<Fact> unblock(State.Open open, Node node) {
    Map<String, BuildKey> inputs = new HashMap<>();
    for (RequestId need : node.needs()) {
      if (!(open.nodes().get(need) instanceof NodeState.Ended ended)) {
        return Optional.empty();
      }
      // A skipped need has made nothing to build upon.
      if (!ended.result().good() || ended.result() == Result.SKIPPED) {
        return Optional.of(
            new Fact.RequestSkipped(
                node.request(), "needed " + need + " ended " + ended.result().label()));
      }
      ended.build().ifPresent(b -> inputs.put(b.builder().builder().value(), b));
    }
    return Optional.of(new Fact.RequestUnblocked(node.request(), inputs));
  }

  @Override
  public State evolve(State before, Fact fact) {
    return switch (fact) {
      case Fact.BuildsetOpened f -> {
        PMap<RequestId, NodeState> nodes = HashTreePMap.empty();
        for (Node node : f.nodes()) {
          nodes = nodes.plus(node.request(), new NodeState.Blocked());
        }
        yield new State.Open(f, nodes, Optional.empty());
      }
      case Fact.RequestUnblocked f -> with(before, f.request(), new NodeState.Opened(f.inputs()));
      case Fact.RequestSkipped f ->
          with(before, f.request(), new NodeState.Ended(Result.SKIPPED, Optional.empty()));
      case Fact.RequestEnded f ->
          with(before, f.request(), new NodeState.Ended(f.result(), f.build()));
      case Fact.BuildsetCancelled f ->
          new State.Open(
              ((State.Open) before).what(), ((State.Open) before).nodes(), Optional.of(f));
      case Fact.BuildsetFinished f -> {
        var what = ((State.Open) before).what();
        yield new State.Finished(what.id(), what.fingerprint(), f.result(), requests(what.nodes()));
      }
    };
  }

  private static State with(State before, RequestId request, NodeState node) {
    var open = (State.Open) before;
    return new State.Open(open.what(), open.nodes().plus(request, node), open.cancelled());
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    PMap<String, Duty> duties = HashTreePMap.empty();
    if (state instanceof State.Open open) {
      for (Node node : open.what().nodes()) {
        if (open.nodes().get(node.request()) instanceof NodeState.Opened opened) {
          var to = EntityRef.of(node.request());
          duties =
              duties.plus("open:" + node.request(), new Duty.Tell(to, opening(open, node, opened)));
          if (open.cancelled().isPresent()) {
            var cancel = open.cancelled().get();
            duties =
                duties.plus(
                    "cancel:" + node.request(),
                    new Duty.Tell(
                            to,
                            new HandsOn.CancelRequest(node.request(), cancel.by(), cancel.reason()))
                        .after("open:" + node.request()));
          }
        }
      }
    }
    return duties;
  }

  private static HandsOn.OpenRequest opening(State.Open open, Node node, NodeState.Opened opened) {
    var spec = node.spec();
    return new HandsOn.OpenRequest(
        node.request(),
        open.what().id(),
        new RequestSpec(
            spec.builder(),
            spec.rules(),
            spec.pool(),
            spec.labels(),
            spec.locks(),
            spec.plan().withInputs(opened.inputs()),
            spec.needed()),
        open.what().priority(),
        open.what().at());
  }

  @Override
  public boolean settled(State state) {
    return !(state instanceof State.Open);
  }
}
