package dev.ahjo.cluster.worker;

import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.http.worker.AgentDoor;
import dev.ahjo.wire.ProtocolCodec;
import dev.ahjo.wire.ProtocolCodec.Form;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets agents in whose messages come by WebSocket, to the same sessions as at the {@link Door}. */
final class SocketDoor implements AgentDoor {
  private static final Logger LOG = LoggerFactory.getLogger(SocketDoor.class);

  private final Admission admission;
  private final AtomicLong unheard = new AtomicLong();

  SocketDoor(Admission admission) {
    this.admission = admission;
  }

  @Override
  public Visit enter(Peer peer) {
    return new Connection(peer);
  }

  /** One connection: at most one session at a time, in the form that its Hello came in. */
  private final class Connection implements Visit {
    private final Peer peer;
    private @Nullable Consumer<SessionActor.In> session;
    private AtomicLong bytesInFlight = new AtomicLong();
    private Heartbeats.@Nullable Heart heart;
    private boolean left;

    Connection(Peer peer) {
      this.peer = peer;
    }

    @Override
    public synchronized void hear(byte[] message, boolean text) {
      if (left) {
        return;
      }
      Consumer<SessionActor.In> known = session;
      Form form = text ? Form.TEXT : Form.BINARY;
      if (known == null || heart == null) {
        hello(message, form);
        return;
      }
      heart.heard();
      if (heart.isWelcome() && ProtocolCodec.isPing(message, form)) {
        return;
      }
      if (bytesInFlight.get() + message.length <= admission.maxBytesPerSession()) {
        // Beyond its share nothing is kept; the agent sends it again when no answer comes.
        bytesInFlight.addAndGet(message.length);
        known.accept(new SessionActor.Bytes(message));
      }
    }

    private void hello(byte[] message, Form form) {
      try {
        if (ProtocolCodec.toGate(message, form) instanceof Protocol.Hello hello) {
          admit(hello, form);
        } else {
          // An agent says so when a message of its lost session overtakes the Hello of the next:
          // for
          // good only he is sent off who does not speak the protocol.
          reject(form, "Expected a Hello before other messages", true);
        }
      } catch (IOException garbage) {
        reject(form, "Expected a Hello: " + garbage.getMessage(), false);
      }
    }

    private void reject(Form form, String why, boolean retry) {
      // One line for the first and then for each power of two: strangers must not fill the log.
      long count = unheard.incrementAndGet();
      if (Long.bitCount(count) == 1) {
        LOG.warn("{} strangers had no Hello, now {}: {}", count, peer.from(), why);
      }
      send(form, new Protocol.Rejected(why, retry));
      peer.close();
    }

    private synchronized void admit(Protocol.Hello hello, Form form) {
      if (left) {
        return;
      }
      AtomicLong bytes = new AtomicLong();
      Heartbeats.Heart beats =
          admission.heart(() -> peer.say(ProtocolCodec.ping(form), form == Form.TEXT));
      var line =
          new SessionActor.Line(
              form,
              false,
              answer -> send(form, answer),
              bytes,
              again -> admit(again, form),
              () -> over(bytes),
              beats);
      bytesInFlight = bytes;
      heart = beats;
      switch (admission.admit(hello, line)) {
        case Admission.Verdict.Open(var opened) -> session = opened;
        case Admission.Verdict.TurnedAway(Protocol.Rejected why) -> {
          LOG.warn("Worker {} at {} is turned away: {}", hello.worker(), peer.from(), why.reason());
          send(form, why);
          peer.close();
        }
      }
    }

    /** A session is over; unless its agent has begun another since, so is the connection. */
    private synchronized void over(AtomicLong bytes) {
      if (bytes == bytesInFlight) {
        peer.close();
      }
    }

    @Override
    public synchronized void left() {
      left = true;
      if (session != null) {
        session.accept(new SessionActor.End("its connection has ended", false));
      }
    }

    private void send(Form form, ToAgent message) {
      byte[] bytes = ProtocolCodec.encode(message, form);
      if (bytes.length > ProtocolCodec.MAX_BYTES) {
        LOG.error(
            "A {} of {} bytes is too long for any agent; at most {} can be sent",
            message.getClass().getSimpleName(),
            bytes.length,
            ProtocolCodec.MAX_BYTES);
      } else {
        peer.say(bytes, form == Form.TEXT);
      }
    }
  }
}
