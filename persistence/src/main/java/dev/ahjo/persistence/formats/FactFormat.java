package dev.ahjo.persistence.formats;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.persistence.formats.Kinds.Kind;
import dev.ahjo.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A row of the journal as JSON: {@code {"at":"…","facts":[{"type":"RequestOpened",…},…]}}. Beside
 * it stands the manifest, the kind of entity and the version of this frame: {@code request.1}.
 */
public final class FactFormat {
  /** Today's, with today's upcasters. */
  public static final FactFormat CURRENT = new FactFormat(Upcasters.CURRENT);

  private static final String FRAME = ".1";

  private final Upcasters upcasters;
  private final Map<EntityType, Codec> codecs = new EnumMap<>(EntityType.class);

  private record Frame<E extends Fact>(Instant at, List<E> facts) {}

  private record Codec(
      Kind kind,
      List<byte[]> versioned,
      ObjectReader frames,
      ObjectWriter fact,
      ObjectReader facts) {

    /** Whether the row is as this version writes it, name for name. */
    boolean plain(byte[] row) {
      return versioned.stream().noneMatch(name -> contains(row, name));
    }

    private static boolean contains(byte[] text, byte[] part) {
      for (int i = 0; i <= text.length - part.length; i++) {
        if (Arrays.equals(text, i, i + part.length, part, 0, part.length)) {
          return true;
        }
      }
      return false;
    }
  }

  FactFormat(Upcasters upcasters) {
    this.upcasters = upcasters;
    ObjectMapper json = Json.text();
    for (Kind kind : Kinds.all()) {
      JavaType frame = json.getTypeFactory().constructParametricType(Frame.class, kind.facts());
      codecs.put(
          kind.type(),
          new Codec(
              kind,
              upcasters.changed(kind.type()).stream()
                  .map(fact -> ("\"" + fact).getBytes(StandardCharsets.UTF_8))
                  .toList(),
              json.readerFor(frame),
              json.writerFor(kind.facts()),
              json.readerFor(kind.facts())));
    }
  }

  /** What must be kept beside the bytes. */
  public String manifest(Recorded row) {
    return codec(row).kind().type().label() + FRAME;
  }

  /**
   * @throws IOException when a fact can't be written: a bug
   */
  public byte[] write(Recorded row) throws IOException {
    Codec codec = codec(row);
    var bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator out = Json.text().createGenerator(bytes)) {
      out.writeStartObject();
      out.writeStringField("at", row.at().toString());
      out.writeArrayFieldStart("facts");
      for (Fact fact : row.facts()) {
        write(codec, fact, out);
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private void write(Codec codec, Fact fact, JsonGenerator out) throws IOException {
    String name = fact.getClass().getSimpleName();
    String written = upcasters.written(codec.kind().type(), name);
    if (written.equals(name)) {
      codec.fact().writeValue(out, fact);
      return;
    }
    String text = codec.fact().writeValueAsString(fact);
    String head = "{\"type\":\"" + name + '"';
    if (!text.startsWith(head)) {
      throw new IOException("Expected " + head + ", but found " + text);
    }
    out.writeRawValue("{\"type\":\"" + written + '"' + text.substring(head.length()));
  }

  /**
   * @throws NewerVersion when a newer version wrote it: it has facts, or kinds of things in facts,
   *     that this one does not know
   * @throws IOException when this is no row that any version wrote
   */
  public Recorded read(byte[] bytes, String manifest) throws IOException {
    Codec codec = codec(manifest);
    try {
      if (codec.plain(bytes)) {
        Frame<? extends Fact> frame = codec.frames().readValue(bytes);
        return new Recorded(frame.at(), List.copyOf(frame.facts()));
      }
      return readByTree(codec, Json.text().readTree(bytes));
    } catch (InvalidTypeIdException unknown) {
      if (unknown.getTypeId() == null) {
        throw unknown;
      }
      throw new NewerVersion(
          "Something of the kind '%s' may be from a newer version: %s"
              .formatted(unknown.getTypeId(), unknown.getOriginalMessage()),
          unknown);
    } catch (IllegalArgumentException | NullPointerException | DateTimeException wrong) {
      throw new IOException(wrong.getMessage(), wrong);
    }
  }

  private Recorded readByTree(Codec codec, JsonNode frame) throws IOException {
    List<Fact> facts = new ArrayList<>();
    for (JsonNode fact : frame.path("facts")) {
      if (!(fact instanceof ObjectNode object)) {
        throw new IOException("Expected a fact, but found " + fact);
      }
      facts.add(codec.facts().readValue(upcasters.upcast(codec.kind().type(), object)));
    }
    return new Recorded(Instant.parse(frame.path("at").asText()), facts);
  }

  private Codec codec(Recorded row) {
    if (row.facts().isEmpty()) {
      throw new IllegalArgumentException("Expected at least one fact in a row");
    }
    return codec(Kinds.of(row.facts().getFirst()).type());
  }

  private Codec codec(String manifest) throws NewerVersion {
    if (!manifest.endsWith(FRAME)) {
      throw new NewerVersion("Expected a row of frame " + FRAME + ", but found '" + manifest + "'");
    }
    try {
      return codec(Kinds.of(manifest.substring(0, manifest.length() - FRAME.length())).type());
    } catch (IllegalArgumentException unknown) {
      throw new NewerVersion(String.valueOf(unknown.getMessage()), unknown);
    }
  }

  private Codec codec(EntityType type) {
    Codec codec = codecs.get(type);
    if (codec == null) {
      throw new IllegalArgumentException(type + " has no format");
    }
    return codec;
  }
}
