package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.cluster.membership.Seeds;
import dev.ahjo.cluster.worker.Sessions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nodes that were given the same name. */
@Tag("processes")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class NamesakesTest {
  private record Started(Engine engine, CompletableFuture<Void> lost) {}

  private final List<Started> open = new ArrayList<>();
  private List<Integer> ports = List.of();

  @BeforeEach
  void findPorts() throws IOException {
    SharedJournal.clear();
    try (var one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ports = Stream.of(one.getLocalPort(), other.getLocalPort()).sorted().toList();
    }
  }

  @AfterEach
  void close() {
    open.stream()
        .map(node -> CompletableFuture.runAsync(node.engine()::close))
        .toList()
        .forEach(CompletableFuture::join);
  }

  private Started start(String name, int port, Integer... seeds) throws IOException {
    var lost = new CompletableFuture<Void>();
    var place =
        new Engine.Place(
            name,
            "127.0.0.1",
            port,
            "127.0.0.1",
            Set.of("engine"),
            new Seeds.Listed(
                Stream.of(seeds).map(seed -> new Seeds.Place("127.0.0.1", seed)).toList()),
            Optional.empty());
    var node =
        new Started(
            Engine.start(
                place,
                ConfigFactory.parseString(SharedJournal.CONFIG),
                new Sessions(),
                Clock.systemUTC(),
                () -> lost.complete(null)),
            lost);
    open.add(node);
    return node;
  }

  private static void up(Started node) throws Exception {
    node.engine().join();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
    while (node.engine().membership().trouble().isPresent()) {
      assertThat(System.nanoTime()).as("deadline for a node that is up").isLessThan(deadline);
      new CompletableFuture<Void>().completeOnTimeout(null, 20, TimeUnit.MILLISECONDS).join();
    }
  }

  @Test
  void aNameThatALiveNodeHasIsTakenAndFreeAgainOnceItHasEnded() throws Exception {
    int seed = ports.getFirst();
    Started first = start("n", seed, seed);
    assertThat(first.engine().namesake()).isEmpty();
    up(first);
    assertThat(start("n", 0, seed).engine().namesake()).contains("127.0.0.1:" + seed);
    assertThat(start("m", 0, seed).engine().namesake()).isEmpty();
    first.engine().close();
    assertThat(start("n", 0, seed).engine().namesake()).isEmpty();
  }

  @Test
  void ofTwoThatDidNotFindEachOtherInTimeTheYoungerMemberEnds() throws Exception {
    Integer[] both = ports.toArray(Integer[]::new);
    Started higher = start("n", both[1], both);
    assertThat(higher.engine().namesake()).as("nobody else is there yet").isEmpty();
    Started lower = start("n", both[0], both);
    assertThat(lower.engine().namesake()).as("the lower address goes on").isEmpty();
    lower.engine().join();
    higher.engine().join();
    CompletableFuture.anyOf(lower.lost(), higher.lost()).get(60, TimeUnit.SECONDS);
    assertThat(lower.lost().isDone() && higher.lost().isDone()).as("both end").isFalse();
  }
}
