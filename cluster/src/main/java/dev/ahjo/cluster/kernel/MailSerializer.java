package dev.ahjo.cluster.kernel;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.persistence.cassandra.CausalClock;
import dev.ahjo.wire.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * Mail between nodes: the speaker's {@link CausalClock} in eight bytes, so that what comes of the
 * mail is never stored as if it were before its cause, then CBOR, as gzip where it is long: the
 * frame between nodes is the limit, and a state of many builders or requests repeats itself. Only
 * records of core are made from its bytes.
 */
public final class MailSerializer extends SerializerWithStringManifest {
  private static final int ID = 8010;
  private static final String STATE = "shown:";
  private static final String CORE = "dev.ahjo.core.";

  /** Longer mail is packed. */
  private static final int LONG = 64 * 1024;

  /** What mail may be when unpacked. */
  private static final int LONGEST = 128 * 1024 * 1024;

  /** How gzip begins; no CBOR begins so. */
  private static final byte PACKED = 0x1f;

  private final ObjectMapper cbor = Json.binary();
  private final ExtendedActorSystem system;
  private final CausalClock clock;

  private record SayBytes(Message message, long number, String replyTo) {}

  private record ReadBytes(String replyTo) {}

  private record AnsweredBytes(long number, Answer answer) {}

  /** Made by the actor system. */
  public MailSerializer(ExtendedActorSystem system) {
    this.system = system;
    this.clock = CausalClock.of(system.settings().config());
  }

  @Override
  public int identifier() {
    return ID;
  }

  @Override
  public String manifest(Object o) {
    return switch (posted(o)) {
      case Mail.Say _ -> "say";
      case Mail.Read _ -> "read";
      case Mail.Awake _ -> "awake";
      case Mail.Answered _ -> "answered";
      case Mail.Broke _ -> "broke";
      case Mail.Shown(Object state) -> STATE + state.getClass().getName();
    };
  }

  @Override
  public byte[] toBinary(Object o) {
    byte[] mail = mail(o);
    mail = mail.length > LONG ? pack(mail) : mail;
    return ByteBuffer.allocate(Long.BYTES + mail.length).putLong(clock.shown()).put(mail).array();
  }

  private static byte[] pack(byte[] mail) {
    var packed = new ByteArrayOutputStream(mail.length / 4);
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(mail);
    } catch (IOException impossible) {
      throw new UncheckedIOException("Can't pack mail in memory", impossible);
    }
    return packed.toByteArray();
  }

  private static byte[] unpack(byte[] mail) throws IOException {
    if (mail.length == 0 || mail[0] != PACKED) {
      return mail;
    }
    try (var gzip = new GZIPInputStream(new ByteArrayInputStream(mail))) {
      byte[] unpacked = gzip.readNBytes(LONGEST);
      if (gzip.read() >= 0) {
        throw new IOException("Expected at most " + LONGEST + " bytes of mail, but found more");
      }
      return unpacked;
    }
  }

  private byte[] mail(Object o) {
    try {
      return switch (posted(o)) {
        case Mail.Say(var message, long number, var replyTo) ->
            cbor.writeValueAsBytes(
                new SayBytes(message, number, refs().toSerializationFormat(replyTo)));
        case Mail.Read(var replyTo) ->
            cbor.writeValueAsBytes(new ReadBytes(refs().toSerializationFormat(replyTo)));
        case Mail.Awake _ -> new byte[0];
        case Mail.Answered(long number, Answer answer) ->
            cbor.writeValueAsBytes(new AnsweredBytes(number, answer));
        case Mail.Broke broke -> cbor.writeValueAsBytes(broke);
        case Mail.Shown(Object state) -> cbor.writeValueAsBytes(state);
      };
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Can't write " + o.getClass().getName(), unwritable);
    }
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    if (bytes.length < Long.BYTES) {
      throw new NotSerializableException(
          "Expected a stamp before the mail, but found " + bytes.length + " bytes");
    }
    clock.seen(ByteBuffer.wrap(bytes).getLong());
    return mail(Arrays.copyOfRange(bytes, Long.BYTES, bytes.length), manifest);
  }

  private Object mail(byte[] received, String manifest) throws NotSerializableException {
    try {
      byte[] bytes = unpack(received);
      return switch (manifest) {
        case "say" -> {
          SayBytes say = cbor.readValue(bytes, SayBytes.class);
          yield new Mail.Say(say.message(), say.number(), ref(say.replyTo()));
        }
        case "read" -> new Mail.Read(ref(cbor.readValue(bytes, ReadBytes.class).replyTo()));
        case "awake" -> new Mail.Awake();
        case "answered" -> {
          AnsweredBytes answered = cbor.readValue(bytes, AnsweredBytes.class);
          yield new Mail.Answered(answered.number(), answered.answer());
        }
        case "broke" -> cbor.readValue(bytes, Mail.Broke.class);
        default -> new Mail.Shown(cbor.readValue(bytes, stateClass(manifest)));
      };
    } catch (IOException unreadable) {
      NotSerializableException told =
          new NotSerializableException("Can't read " + manifest + ": " + unreadable.getMessage());
      told.initCause(unreadable);
      throw told;
    }
  }

  private static Class<?> stateClass(String manifest) throws IOException {
    String name = manifest.startsWith(STATE) ? manifest.substring(STATE.length()) : "";
    try {
      if (name.startsWith(CORE)) {
        Class<?> state = Class.forName(name, false, Message.class.getClassLoader());
        if (state.isRecord()) {
          return state;
        }
      }
    } catch (ClassNotFoundException unknown) {
      throw new IOException("core has no " + name, unknown);
    }
    throw new IOException("Expected mail between entities, but found '" + manifest + "'");
  }

  private <T> ActorRef<T> ref(String text) {
    return refs().resolveActorRef(text);
  }

  // Looked up when first used: the system is not yet whole when it makes its serializers.
  private ActorRefResolver refs() {
    return ActorRefResolver.get(Adapter.toTyped(system));
  }

  private static Mail.Posted posted(Object o) {
    if (o instanceof Mail.Posted posted) {
      return posted;
    }
    throw new IllegalArgumentException(o.getClass().getName() + " stays on its node");
  }
}
