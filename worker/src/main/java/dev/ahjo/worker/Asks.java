package dev.ahjo.worker;

import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.worker.log.Uplink;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;

/** Questions to the gate, repeated until they are answered. */
final class Asks {
  private static final Duration LOOK = Duration.ofMillis(200);

  private final Uplink uplink;
  private final Duration repeat;
  private final AtomicLong last = new AtomicLong();
  private final ConcurrentHashMap<Long, CompletableFuture<ToAgent>> open =
      new ConcurrentHashMap<>();

  Asks(Uplink uplink, Duration repeat) {
    this.uplink = uplink;
    this.repeat = repeat;
  }

  /**
   * Asks until there is an answer.
   *
   * @param question made with the number that the answer will carry
   * @param enough whether the asker has lost interest
   * @throws TimeoutException when {@code enough} said so
   */
  <A extends ToAgent> A ask(LongFunction<ToGate> question, Class<A> answer, BooleanSupplier enough)
      throws InterruptedException, TimeoutException {
    long ask = last.incrementAndGet();
    var answered = new CompletableFuture<ToAgent>();
    open.put(ask, answered);
    try {
      long session = -1;
      long due = System.nanoTime();
      while (!enough.getAsBoolean()) {
        if (uplink.session() != session || System.nanoTime() - due >= 0) {
          session = uplink.session();
          due = System.nanoTime() + repeat.toNanos();
          uplink.send(question.apply(ask));
        }
        try {
          return answer.cast(answered.get(LOOK.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException notYet) {
          // a new session or the end of patience is looked for
        }
      }
      throw new TimeoutException();
    } catch (ExecutionException e) {
      throw new IllegalStateException("An answer can't fail", e);
    } finally {
      open.remove(ask);
    }
  }

  void answered(long ask, ToAgent answer) {
    CompletableFuture<ToAgent> waiting = open.get(ask);
    if (waiting != null) {
      waiting.complete(answer);
    }
  }
}
