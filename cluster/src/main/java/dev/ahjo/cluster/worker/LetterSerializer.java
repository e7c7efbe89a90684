package dev.ahjo.cluster.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ahjo.wire.Json;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** Letters in CBOR. Only letters are made from its bytes. */
public final class LetterSerializer extends SerializerWithStringManifest {
  private static final int ID = 8014;
  private static final Map<String, Class<?>> KINDS =
      Arrays.stream(Letter.class.getPermittedSubclasses())
          .collect(Collectors.toMap(Class::getSimpleName, Function.identity()));

  private final ObjectMapper cbor = Json.binary();

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
      return cbor.writeValueAsBytes(o);
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
    try {
      return cbor.readValue(bytes, kind);
    } catch (IOException unreadable) {
      NotSerializableException told =
          new NotSerializableException("Can't read " + manifest + ": " + unreadable.getMessage());
      told.initCause(unreadable);
      throw told;
    }
  }
}
