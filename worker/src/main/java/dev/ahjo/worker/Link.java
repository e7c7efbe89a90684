package dev.ahjo.worker;

import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import java.util.function.Consumer;

/**
 * The way to a gate and back. It carries messages in order while it is up, loses them without a
 * word while it is not, and knows nothing of sessions.
 */
public interface Link extends AutoCloseable {
  /**
   * Says who receives; called once, before the first send. Calls to {@code receiver} never overlap.
   */
  void receive(Consumer<ToAgent> receiver);

  /** Looks the gate up anew; called before each Hello. */
  void resolve();

  /** Never waits. */
  void send(ToGate message);

  @Override
  void close();
}
