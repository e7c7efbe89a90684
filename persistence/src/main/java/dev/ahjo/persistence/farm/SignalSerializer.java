package dev.ahjo.persistence.farm;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** Signals between nodes. */
public final class SignalSerializer extends SerializerWithStringManifest {
  private static final int ID = 8013;

  /** A configuration of an actor system, which has signals written by this. */
  public static Config bound(Config config) {
    return config
        .withValue(
            "pekko.actor.serializers.ahjo-signals",
            ConfigValueFactory.fromAnyRef(SignalSerializer.class.getName()))
        .withValue(
            "pekko.actor.serialization-bindings",
            ConfigValueFactory.fromMap(Map.of(Signal.class.getName(), "ahjo-signals"))
                .withFallback(config.getValue("pekko.actor.serialization-bindings")));
  }

  @Override
  public int identifier() {
    return ID;
  }

  @Override
  public String manifest(Object o) {
    return switch (signal(o)) {
      case Signal.Announced _ -> "announced";
      case Signal.Grown _ -> "grown";
      case Signal.Shown _ -> "shown";
      case Signal.StreamGrown _ -> "stream";
    };
  }

  @Override
  public byte[] toBinary(Object o) {
    return switch (signal(o)) {
      case Signal.Announced _ -> new byte[0];
      case Signal.Grown(long end) -> number(end);
      case Signal.Shown(long applied) -> number(applied);
      case Signal.StreamGrown(String stream) -> stream.getBytes(StandardCharsets.UTF_8);
    };
  }

  private static byte[] number(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    return switch (manifest) {
      case "announced" -> new Signal.Announced();
      case "grown" -> new Signal.Grown(number(bytes, manifest));
      case "shown" -> new Signal.Shown(number(bytes, manifest));
      case "stream" -> new Signal.StreamGrown(new String(bytes, StandardCharsets.UTF_8));
      default ->
          throw new NotSerializableException("Expected a signal, but found '" + manifest + "'");
    };
  }

  private static long number(byte[] bytes, String manifest) throws NotSerializableException {
    if (bytes.length != Long.BYTES) {
      throw new NotSerializableException(
          "Expected the 8 bytes of " + manifest + ", but found " + bytes.length);
    }
    return ByteBuffer.wrap(bytes).getLong();
  }

  private static Signal signal(Object o) {
    if (o instanceof Signal signal) {
      return signal;
    }
    throw new IllegalArgumentException(o.getClass().getName() + " is no signal");
  }
}
