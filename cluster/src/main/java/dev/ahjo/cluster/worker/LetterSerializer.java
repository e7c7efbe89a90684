package dev.ahjo.cluster.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ahjo.persistence.cassandra.CausalClock;
import dev.ahjo.wire.Json;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * Letters: the writer's {@link CausalClock} in eight bytes, then CBOR. Only letters are made from
 * its bytes.
 */
public final class LetterSerializer extends SerializerWithStringManifest {
  private static final int ID = 8014;
  private static final Map<String, Class<?>> KINDS =
      Arrays.stream(Letter.class.getPermittedSubclasses())
          .collect(Collectors.toMap(Class::getSimpleName, Function.identity()));

  private final ObjectMapper cbor = Json.binary();
  private final CausalClock clock;

  /** Made by the actor system. */
  public LetterSerializer(ExtendedActorSystem system) {
    this.clock = CausalClock.of(system.settings().config());
  }

  @Override
  public int identifier() {
    return ID;
  }

  @Override
  public String manifest(Object o) {
    return o.getClass().getSimpleName();
  }

  @Override
  public byte[] toBinary(Object o) {
    try {
      byte[] letter = cbor.writeValueAsBytes(o);
      return ByteBuffer.allocate(Long.BYTES + letter.length)
          .putLong(clock.shown())
          .put(letter)
          .array();
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Can't write " + o.getClass().getName(), unwritable);
    }
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    Class<?> kind = KINDS.get(manifest);
    if (kind == null) {
      throw new NotSerializableException("Expected a letter, but found '" + manifest + "'");
    }
    if (bytes.length < Long.BYTES) {
      throw new NotSerializableException(
          "Expected a stamp before the letter, but found " + bytes.length + " bytes");
    }
    clock.seen(ByteBuffer.wrap(bytes).getLong());
    try {
      return cbor.readValue(bytes, Long.BYTES, bytes.length - Long.BYTES, kind);
    } catch (IOException unreadable) {
      NotSerializableException told =
          new NotSerializableException("Can't read " + manifest + ": " + unreadable.getMessage());
      told.initCause(unreadable);
      throw told;
    }
  }
}
