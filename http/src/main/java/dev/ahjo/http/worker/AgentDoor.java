package dev.ahjo.http.worker;

/** Where workers' agents come in whose messages come by WebSocket. */
public interface AgentDoor {
  /** A connection has come. Never blocks. */
  Visit enter(Peer peer);

  /** The agent's end of a connection. Never blocks; safe for use by many threads. */
  interface Peer {
    /** Sends a message; it is lost when too much waits to be sent already. */
    void say(byte[] message, boolean text);

    /** Ends the connection when what was said has been sent. */
    void close();

    /** The address that it comes from, for people. */
    String from();
  }

  /** The node's end of a connection. Calls come one after the other. */
  interface Visit {
    /** The agent has said this. Must not block. */
    void hear(byte[] message, boolean text);

    /** The connection has ended. */
    void left();
  }
}
