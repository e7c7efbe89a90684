package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.Hello;
import dev.ahjo.core.worker.Protocol.Ping;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.core.worker.Protocol.Welcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A session that is lost and begun again, over a link that says what it likes. */
class ConnectionTest {
  private static final Duration SILENCE = Duration.ofMillis(200);

  private final Way way = new Way();
  private final Connection connection =
      new Connection(
          way,
          new Nobody(),
          new AgentSettings.Timing(
              Duration.ofMillis(50),
              SILENCE,
              Duration.ofMillis(500),
              Duration.ofMillis(500),
              Duration.ofSeconds(5),
              Duration.ofSeconds(5)));

  private static final class Way implements Link {
    private final BlockingQueue<ToGate> sent = new LinkedBlockingQueue<>();
    private volatile Consumer<ToAgent> receiver = _ -> {};

    @Override
    public void receive(Consumer<ToAgent> to) {
      receiver = to;
    }

    @Override
    public void resolve() {}

    @Override
    public void send(ToGate message) {
      if (message instanceof Hello) {
        sent.add(message);
      }
    }

    @Override
    public void close() {}

    boolean hello(Duration within) throws InterruptedException {
      return sent.poll(within.toMillis(), TimeUnit.MILLISECONDS) != null;
    }
  }

  private static final class Nobody implements Connection.Client {
    @Override
    public Hello hello() {
      return new Hello(
          Protocol.VERSION,
          new WorkerName("w"),
          "instance",
          "secret",
          1,
          Set.of(),
          new PoolName("default"),
          List.of(),
          Map.of());
    }

    @Override
    public void welcome(Welcome welcome) {}

    @Override
    public void message(ToAgent message) {}

    @Override
    public void tick() {}

    @Override
    public void refused(String reason) {}
  }

  @AfterEach
  void ends() {
    connection.close();
  }

  /** Whether a Hello comes although the gate pings all the time. */
  private boolean helloThroughPings(Duration within) throws InterruptedException {
    long until = System.nanoTime() + within.toNanos();
    while (System.nanoTime() < until) {
      way.receiver.accept(new Ping());
      if (way.hello(Duration.ofMillis(10))) {
        return true;
      }
    }
    return false;
  }

  /** An agent that stood still finds its gate's old pings when it goes on. */
  @Test
  void pingsOfTheSessionThatWasLostKeepNoneFromBeginning() throws Exception {
    connection.open();
    assertThat(way.hello(Duration.ofSeconds(10))).isTrue();
    way.receiver.accept(new Welcome(new SessionId("s1"), List.of(), List.of()));
    long until = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (connection.session() == 0 && System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    while (connection.session() != 0 && System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    assertThat(helloThroughPings(Duration.ofSeconds(10))).isTrue();
  }

  @Test
  void aWelcomeThatWasLostIsAskedForAgainThoughTheGatePings() throws Exception {
    connection.open();
    assertThat(way.hello(Duration.ofSeconds(10))).isTrue();
    assertThat(helloThroughPings(SILENCE.multipliedBy(60))).isTrue();
  }
}
