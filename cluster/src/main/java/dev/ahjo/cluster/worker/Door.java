package dev.ahjo.cluster.worker;

import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.wire.ProtocolCodec;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Props;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one actor that strangers reach. It sorts bytes by who sent them and has sessions opened for
 * those who prove their name; it answers no one else, save for a few rejections a second, since an
 * answer goes to whatever address a stranger names.
 */
final class Door extends AbstractActor {
  private static final Logger LOG = LoggerFactory.getLogger(Door.class);

  /** Rejections of strangers a second. */
  private static final int MAX_REJECTIONS = 20;

  private static final long SECOND = 1_000_000_000L;

  private record Guest(
      Consumer<SessionActor.In> session, AtomicLong bytesInFlight, Heartbeats.Heart heart) {}

  /** The session of this peer is over. Known to this node alone, as no serializer knows it. */
  private record Over(ActorRef peer, AtomicLong bytesInFlight) {}

  private record Again(ActorRef peer, Protocol.Hello hello) {}

  private final Admission admission;
  private final LongSupplier nanos;
  private final Map<ActorRef, Guest> guests = new HashMap<>();
  private long second;
  private int rejections;
  private long unheard;

  static Props props(Admission admission) {
    return Props.create(Door.class, () -> new Door(admission));
  }

  private Door(Admission admission) {
    this.admission = admission;
    this.nanos = admission.nanos();
    this.second = nanos.getAsLong();
  }

  @Override
  public Receive createReceive() {
    return receiveBuilder()
        .match(byte[].class, bytes -> hear(getSender(), bytes))
        .match(
            Over.class,
            over -> {
              Guest guest = guests.get(over.peer());
              if (guest != null && guest.bytesInFlight() == over.bytesInFlight()) {
                guests.remove(over.peer());
              }
            })
        .match(
            Again.class,
            again -> {
              guests.remove(again.peer());
              admit(again.peer(), again.hello());
            })
        .build();
  }

  private void hear(ActorRef peer, byte[] bytes) {
    Guest guest = guests.get(peer);
    if (guest != null) {
      guest.heart().heard();
      if (guest.heart().isWelcome() && ProtocolCodec.isPing(bytes, ProtocolCodec.Form.BINARY)) {
        return;
      }
      // Beyond its share nothing is kept; the agent sends it again when no answer comes.
      if (guest.bytesInFlight().get() + bytes.length <= admission.maxBytesPerSession()) {
        guest.bytesInFlight().addAndGet(bytes.length);
        guest.session().accept(new SessionActor.Bytes(bytes));
      }
      return;
    }
    if (!remote(peer) || bytes.length > ProtocolCodec.MAX_BYTES) {
      ignore(peer, "neither a remote peer nor a Hello");
      return;
    }
    try {
      if (ProtocolCodec.toGate(bytes) instanceof Protocol.Hello hello) {
        admit(peer, hello);
      } else {
        ignore(peer, "no Hello before other messages");
      }
    } catch (IOException garbage) {
      ignore(peer, "no message of the protocol");
    }
  }

  /** A sender that names an actor of this very system would have us answer to ourselves. */
  private boolean remote(ActorRef peer) {
    var address = peer.path().address();
    return address.hasGlobalScope()
        && !address.equals(getContext().getSystem().provider().getDefaultAddress());
  }

  private void admit(ActorRef peer, Protocol.Hello hello) {
    AtomicLong bytesInFlight = new AtomicLong();
    ActorRef door = getSelf();
    Heartbeats.Heart heart =
        admission.heart(() -> peer.tell(ProtocolCodec.ping(ProtocolCodec.Form.BINARY), door));
    var line =
        new SessionActor.Line(
            ProtocolCodec.Form.BINARY,
            true,
            message -> send(door, peer, message),
            bytesInFlight,
            again -> door.tell(new Again(peer, again), ActorRef.noSender()),
            () -> door.tell(new Over(peer, bytesInFlight), ActorRef.noSender()),
            heart);
    switch (admission.admit(hello, line)) {
      case Admission.Verdict.Open(var session) ->
          guests.put(peer, new Guest(session, bytesInFlight, heart));
      case Admission.Verdict.TurnedAway(Protocol.Rejected why) -> turnAway(peer, hello, why);
    }
  }

  private void turnAway(ActorRef peer, Protocol.Hello hello, Protocol.Rejected why) {
    long now = nanos.getAsLong();
    if (now - second >= SECOND) {
      second = now;
      rejections = 0;
    }
    if (rejections++ < MAX_REJECTIONS) {
      LOG.warn(
          "Worker {} at {} is turned away: {}",
          hello.worker(),
          peer.path().address(),
          why.reason());
      send(getSelf(), peer, why);
    }
  }

  private void ignore(ActorRef peer, String why) {
    // One line for the first and then for each power of two: strangers must not fill the log.
    if (Long.bitCount(++unheard) == 1) {
      LOG.warn("Ignored {} messages of strangers, now from {}: {}", unheard, peer, why);
    }
  }

  private static void send(ActorRef door, ActorRef peer, ToAgent message) {
    byte[] bytes = ProtocolCodec.encode(message);
    if (bytes.length > ProtocolCodec.MAX_BYTES) {
      LOG.error(
          "A {} of {} bytes is too long for any agent; at most {} can be sent",
          message.getClass().getSimpleName(),
          bytes.length,
          ProtocolCodec.MAX_BYTES);
      return;
    }
    peer.tell(bytes, door);
  }
}
