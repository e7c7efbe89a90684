package dev.ahjo.worker.log;

import dev.ahjo.core.worker.Protocol.ToGate;
import java.util.concurrent.Semaphore;

/** The connection as builds and streams see it. */
public interface Uplink {
  /** The number of the open session, never the same twice; 0 while there is none. */
  long session();

  /**
   * Sends if a session is open; otherwise the message is lost, and due again in the next session.
   */
  void send(ToGate message);

  /** Places for chunks on their way, shared by all streams. */
  Semaphore window();
}
