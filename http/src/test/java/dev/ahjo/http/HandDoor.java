package dev.ahjo.http;

import dev.ahjo.http.worker.AgentDoor;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;

/** Repeats what it hears in upper case, says how long the binary is, and closes when asked to. */
final class HandDoor implements AgentDoor {
  final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();

  @Override
  public Visit enter(Peer peer) {
    events.add("entered");
    return new Visit() {
      @Override
      public void hear(byte[] message, boolean text) {
        if (!text) {
          peer.say(new byte[message.length], false);
          return;
        }
        String said = new String(message, StandardCharsets.UTF_8);
        peer.say(said.toUpperCase(java.util.Locale.ROOT).getBytes(StandardCharsets.UTF_8), true);
        if (said.equals("bye")) {
          peer.close();
        }
      }

      @Override
      public void left() {
        events.add("left");
      }
    };
  }
}
