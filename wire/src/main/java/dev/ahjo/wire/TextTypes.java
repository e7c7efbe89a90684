package dev.ahjo.wire;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.Version;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.Deserializers;
import com.fasterxml.jackson.databind.deser.KeyDeserializers;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.ser.Serializers;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Records that are written as one string: those whose only component is a string {@code value}
 * (names and ids), and those with a static {@code parse(String)} that reads what {@code toString()}
 * writes (keys, attempts, templates). As keys of maps they are written the same way; any other
 * record that is a key becomes its own JSON text.
 */
final class TextTypes extends Module {
  private static final MethodHandles.Lookup LOOKUP = MethodHandles.publicLookup();

  @Override
  public String getModuleName() {
    return "ahjo-text";
  }

  @Override
  public Version version() {
    return Version.unknownVersion();
  }

  @Override
  public void setupModule(SetupContext context) {
    context.addSerializers(new Writers());
    context.addKeySerializers(new KeyWriters());
    context.addDeserializers(new Readers());
    context.addKeyDeserializers(new KeyReaders());
  }

  /** What makes a {@code type} of its string, if it is written as one. */
  static Optional<MethodHandle> parser(Class<?> type) {
    if (!type.isRecord() || !type.getName().startsWith("dev.ahjo.") || SealedTypes.named(type)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          LOOKUP.findStatic(type, "parse", MethodType.methodType(type, String.class)));
    } catch (NoSuchMethodException | IllegalAccessException none) {
      // then its shape decides
    }
    var components = type.getRecordComponents();
    if (components.length != 1
        || components[0].getType() != String.class
        || !components[0].getName().equals("value")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          LOOKUP.findConstructor(type, MethodType.methodType(void.class, String.class)));
    } catch (NoSuchMethodException | IllegalAccessException hidden) {
      throw new IllegalStateException(type.getName() + " is not public", hidden);
    }
  }

  private static boolean asJson(JavaType key) {
    return key.getRawClass().isRecord() || key.isCollectionLikeType();
  }

  private static final class Writers extends Serializers.Base {
    @Override
    public @Nullable JsonSerializer<?> findSerializer(
        SerializationConfig config, JavaType type, BeanDescription description) {
      return parser(type.getRawClass()).isPresent() ? new Writer() : null;
    }
  }

  private static final class Writer extends StdScalarSerializer<Object> {
    private static final long serialVersionUID = 1;

    Writer() {
      super(Object.class);
    }

    @Override
    public void serialize(Object value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeString(value.toString());
    }
  }

  private static final class KeyWriters extends Serializers.Base {
    @Override
    public @Nullable JsonSerializer<?> findSerializer(
        SerializationConfig config, JavaType type, BeanDescription description) {
      if (parser(type.getRawClass()).isPresent()) {
        return new KeyWriter(false);
      }
      return asJson(type) ? new KeyWriter(true) : null;
    }
  }

  private static final class KeyWriter extends JsonSerializer<Object> {
    private final boolean asJson;

    KeyWriter(boolean asJson) {
      this.asJson = asJson;
    }

    @Override
    public void serialize(Object key, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeFieldName(asJson ? Json.text().writeValueAsString(key) : key.toString());
    }
  }

  private static final class Readers extends Deserializers.Base {
    @Override
    public @Nullable JsonDeserializer<?> findBeanDeserializer(
        JavaType type, DeserializationConfig config, BeanDescription description) {
      return parser(type.getRawClass())
          .map(parse -> new Reader(type.getRawClass(), parse))
          .orElse(null);
    }
  }

  private static final class Reader extends StdScalarDeserializer<Object> {
    private static final long serialVersionUID = 1;
    private final transient MethodHandle parse;

    Reader(Class<?> type, MethodHandle parse) {
      super(type);
      this.parse = parse;
    }

    @Override
    public @Nullable Object deserialize(JsonParser in, DeserializationContext context)
        throws IOException {
      if (!in.hasToken(JsonToken.VALUE_STRING)) {
        return context.handleUnexpectedToken(getValueType(context), in);
      }
      String text = in.getText();
      try {
        return parse.invoke(text);
      } catch (Throwable wrong) {
        throw context.weirdStringException(text, handledType(), String.valueOf(wrong.getMessage()));
      }
    }
  }

  private static final class KeyReaders implements KeyDeserializers {
    @Override
    public @Nullable KeyDeserializer findKeyDeserializer(
        JavaType type, DeserializationConfig config, BeanDescription description) {
      Optional<MethodHandle> parse = parser(type.getRawClass());
      if (parse.isPresent()) {
        return new KeyReader(type.getRawClass(), parse.get());
      }
      return asJson(type) ? new JsonKeyReader(type) : null;
    }
  }

  private static final class KeyReader extends KeyDeserializer {
    private final Class<?> type;
    private final MethodHandle parse;

    KeyReader(Class<?> type, MethodHandle parse) {
      this.type = type;
      this.parse = parse;
    }

    @Override
    public Object deserializeKey(String key, DeserializationContext context) throws IOException {
      try {
        return parse.invoke(key);
      } catch (Throwable wrong) {
        throw context.weirdKeyException(type, key, String.valueOf(wrong.getMessage()));
      }
    }
  }

  private static final class JsonKeyReader extends KeyDeserializer {
    private final JavaType type;

    JsonKeyReader(JavaType type) {
      this.type = type;
    }

    @Override
    public Object deserializeKey(String key, DeserializationContext context) throws IOException {
      try {
        return Json.text().readValue(key, type);
      } catch (JacksonException wrong) {
        throw context.weirdKeyException(
            type.getRawClass(), key, String.valueOf(wrong.getOriginalMessage()));
      }
    }
  }
}
