package dev.ahjo.core.buildset;

import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.build;
import static dev.ahjo.core.Samples.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.buildset.Buildset.Command;
import dev.ahjo.core.buildset.Buildset.Fact;
import dev.ahjo.core.buildset.Buildset.Node;
import dev.ahjo.core.buildset.Buildset.NodeState;
import dev.ahjo.core.buildset.Buildset.State;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.project.Result;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BuildsetTest {
  private static Node node(int n, int... needs) {
    Set<RequestId> needed =
        IntStream.of(needs).mapToObj(Samples::request).collect(Collectors.toSet());
    return new Node(request(n), needed, true, Samples.spec());
  }

  private static Command.Open open(String print, Node... nodes) {
    return new Command.Open(Samples.SET, print, Samples.ZLIB, "a push", "ann", 0, List.of(nodes));
  }

  private static Command.EndRequest ends(int n, Result result) {
    return new Command.EndRequest(request(n), result, Optional.of(build(n)));
  }

  static Table<Command, State, Fact> table() {
    return new Table<Command, State, Fact>(new Buildset(), NOON)
        .state("absent", new State.Absent())
        .state("open, 2 needs 1", "absent", open("a", node(1), node(2, 1)))
        .state("1 has succeeded", "open, 2 needs 1", ends(1, Result.SUCCESS))
        .state("cancelled", "open, 2 needs 1", new Command.Cancel("ann", "typo"))
        .state("finished", "1 has succeeded", ends(2, Result.FAILURE))
        .message("Open", open("a", node(1), node(2, 1)))
        .message("Open otherwise", open("b", node(1)))
        .message("EndRequest 1, good", ends(1, Result.SUCCESS))
        .message("EndRequest 1, bad", ends(1, Result.FAILURE))
        .message("EndRequest 2, good", ends(2, Result.SUCCESS))
        .message("EndRequest 3", ends(3, Result.SUCCESS))
        .message("Cancel", new Command.Cancel("ann", "typo"));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            absent
              Open                   BuildsetOpened, RequestUnblocked
              Open otherwise         BuildsetOpened, RequestUnblocked
              EndRequest 1, good     no: NotFound
              EndRequest 1, bad      no: NotFound
              EndRequest 2, good     no: NotFound
              EndRequest 3           no: NotFound
              Cancel                 no: NotFound

            open, 2 needs 1
              Open                   already so
              Open otherwise         no: Conflict
              EndRequest 1, good     RequestEnded, RequestUnblocked
              EndRequest 1, bad      RequestEnded, RequestSkipped, BuildsetFinished
              EndRequest 2, good     RequestEnded
              EndRequest 3           no: NotFound
              Cancel                 BuildsetCancelled, RequestEnded

            1 has succeeded
              Open                   already so
              Open otherwise         no: Conflict
              EndRequest 1, good     already so
              EndRequest 1, bad      already so
              EndRequest 2, good     RequestEnded, BuildsetFinished
              EndRequest 3           no: NotFound
              Cancel                 BuildsetCancelled

            cancelled
              Open                   already so
              Open otherwise         no: Conflict
              EndRequest 1, good     RequestEnded, BuildsetFinished
              EndRequest 1, bad      RequestEnded, BuildsetFinished
              EndRequest 2, good     already so
              EndRequest 3           no: NotFound
              Cancel                 already so

            finished
              Open                   already so
              Open otherwise         no: Conflict
              EndRequest 1, good     already so
              EndRequest 1, bad      already so
              EndRequest 2, good     already so
              EndRequest 3           already so
              Cancel                 already so
            """);
  }

  @Test
  void whatNeedsAFailureIsSkippedWithAllThatNeedsIt() {
    var open = table().state("chain", "absent", open("c", node(1), node(2, 1), node(3, 2)));
    assertThat(open.state("end", "chain", ends(1, Result.FAILURE)).get("end"))
        .isInstanceOfSatisfying(
            State.Finished.class, end -> assertThat(end.result()).isEqualTo(Result.FAILURE));
  }

  @Test
  void whatItOpenedIsKnownAfterItsEndToo() {
    var open = table().state("chain", "absent", open("c", node(1), node(2, 1)));
    var ended = open.state("end", "chain", ends(1, Result.FAILURE)).get("end");
    assertThat(Buildset.opened(open.get("chain"), "c")).hasSize(2);
    assertThat(Buildset.opened(ended, "c")).isEqualTo(Buildset.opened(open.get("chain"), "c"));
    assertThat(Buildset.opened(ended, "another submission")).isEmpty();
  }

  @Test
  void whatIsNotWantedIsSkippedAtOnce() {
    var unwanted = new Node(request(1), Set.of(), false, Samples.spec());
    var state =
        table().state("open", "absent", open("d", unwanted, node(2, 1), node(3))).get("open");
    assertThat(state)
        .isInstanceOfSatisfying(
            State.Open.class,
            s -> {
              assertThat(s.nodes().get(request(2)))
                  .isEqualTo(new NodeState.Ended(Result.SKIPPED, Optional.empty()));
              assertThat(s.nodes().get(request(3))).isInstanceOf(NodeState.Opened.class);
            });
  }

  @Test
  void aNodeIsGivenTheBuildsItNeeded() {
    assertThat(table().get("1 has succeeded"))
        .isInstanceOfSatisfying(
            State.Open.class,
            s ->
                assertThat(s.nodes().get(request(2)))
                    .isEqualTo(new NodeState.Opened(java.util.Map.of("debian", build(1)))));
  }

  @Test
  void warningsAreGoodEnoughToGoOn() {
    var after = table().state("end", "open, 2 needs 1", ends(1, Result.WARNINGS)).get("end");
    assertThat(after)
        .isInstanceOfSatisfying(
            State.Open.class,
            s -> assertThat(s.nodes().get(request(2))).isInstanceOf(NodeState.Opened.class));
  }
}
