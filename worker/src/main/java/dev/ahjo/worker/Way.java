package dev.ahjo.worker;

import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import java.net.URI;
import java.time.Duration;
import java.util.function.Consumer;

/** One kind of connection to a gate: at most one of them is open at a time. */
interface Way extends AutoCloseable {
  /** Who hears of it. Calls never overlap for one way. */
  interface Ear {
    void heard(ToAgent message);

    void broken(String why);
  }

  /** Connects to {@code gate}, instead of to whom it was connected before; never waits. */
  void dial(URI gate);

  /** Ends the connection, without a word. */
  void hangUp();

  /** How long a gate may take to answer. */
  Duration patience();

  /** Looks whether the gate is there at all, and says so to the ear if it is not. */
  default void probe() {}

  void send(ToGate message);

  @Override
  void close();

  /** An ear that passes on what it hears. */
  static Ear ear(Consumer<ToAgent> heard, Consumer<String> broken) {
    return new Ear() {
      @Override
      public void heard(ToAgent message) {
        heard.accept(message);
      }

      @Override
      public void broken(String why) {
        broken.accept(why);
      }
    };
  }
}
