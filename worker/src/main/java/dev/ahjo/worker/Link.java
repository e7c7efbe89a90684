package dev.ahjo.worker;

import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The way to a farm's gates and back. It carries messages in order while it is up, loses them
 * without a word while it is not, and knows nothing of sessions.
 */
public interface Link extends AutoCloseable {
  /**
   * Says who receives; called once, before the first send. Calls to {@code receiver} never overlap.
   */
  void receive(Consumer<ToAgent> receiver);

  /**
   * Says who is told when the way since the last {@link #resolve} is known to be broken; called
   * once, before the first send. Not every break is noticed: silence tells as well.
   */
  default void whenBroken(Consumer<String> told) {}

  /** Looks the next gate up anew; called before each Hello. */
  void resolve();

  /** How long the gate that was looked up may take to answer before the next one is tried. */
  default Duration patience() {
    return Duration.ZERO;
  }

  /** Nothing was heard for longer than a gate is ever silent: look whether it is there at all. */
  default void probe() {}

  /** Never waits. */
  void send(ToGate message);

  @Override
  void close();
}
