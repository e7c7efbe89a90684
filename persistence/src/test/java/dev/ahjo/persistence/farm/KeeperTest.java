package dev.ahjo.persistence.farm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeeperTest {
  private static final long SECONDS = 20;

  private final ActorTestKit kit = ActorTestKit.create();

  @AfterEach
  void end() {
    kit.shutdownTestKit();
  }

  @Test
  void whatCantBeHadAtFirstIsTriedAgainAndGivenBackAtTheEnd() throws Exception {
    var tries = new AtomicInteger();
    BlockingQueue<Optional<AutoCloseable>> held = new LinkedBlockingQueue<>();
    BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    AutoCloseable post = () -> closed.add("closed");

    var keeper =
        kit.spawn(
            Keeper.<AutoCloseable>of(
                () -> {
                  if (tries.incrementAndGet() <= 2) {
                    throw new IllegalStateException("no server answers");
                  }
                  return post;
                },
                held::add));

    assertThat(held.poll(SECONDS, TimeUnit.SECONDS)).isEqualTo(Optional.of(post));
    assertThat(tries).hasValue(3);
    kit.stop(keeper);
    assertThat(held.poll(SECONDS, TimeUnit.SECONDS)).isEqualTo(Optional.empty());
    assertThat(closed.poll(SECONDS, TimeUnit.SECONDS)).isEqualTo("closed");
  }
}
