package dev.ahjo.wire;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.AnnotationIntrospector;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.introspect.NopAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * How every record of core is written, in JSON and in CBOR alike. Core carries no annotations: what
 * stands here are rules, so that a new record needs nothing.
 *
 * <ul>
 *   <li>A record is an object of its components, in their order. Empty collections and optionals
 *       are left out, and read as empty when they are missing; any other missing object is an
 *       error, a missing number is 0 and a missing boolean false. Unknown properties are passed
 *       over.
 *   <li>What implements a sealed interface says which one it is in the property {@code type}:
 *       {@link SealedTypes}.
 *   <li>Ids, keys and templates are strings, also as keys of maps: {@link TextTypes}.
 *   <li>Enums are their names, times and durations ISO 8601, bytes base 64 (binary in CBOR).
 *   <li>Persistent collections read back as such: {@link PersistentCollections}.
 * </ul>
 */
public final class Json {
  private static final Set<Class<?>> OPTIONALS =
      Set.of(Optional.class, OptionalInt.class, OptionalLong.class, OptionalDouble.class);
  private static final ObjectMapper TEXT =
      of(
          JsonFactory.builder()
              // Without this a key outside the basic plane is written as two broken halves.
              .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
              .build());
  private static final ObjectMapper BINARY =
      of(
          CBORFactory.builder()
              // Half a surrogate pair, which JSON takes and gives, must not make a message, a
              // snapshot or mail that can never be written.
              .enable(CBORGenerator.Feature.LENIENT_UTF_ENCODING)
              .build());

  private Json() {}

  /** JSON. Shared by all, so configure only a {@link ObjectMapper#copy}. */
  public static ObjectMapper text() {
    return TEXT;
  }

  /** CBOR. Shared by all, so configure only a {@link ObjectMapper#copy}. */
  public static ObjectMapper binary() {
    return BINARY;
  }

  private static ObjectMapper of(JsonFactory format) {
    var mapper = new ObjectMapper(format);
    mapper.registerModule(new Jdk8Module());
    mapper.registerModule(new JavaTimeModule());
    mapper.registerModule(new PersistentCollections());
    mapper.registerModule(new TextTypes());
    mapper.setDefaultTyping(new SealedTypes());
    // Only components are data; a record's isSettled() or getName() is not.
    mapper.setVisibility(PropertyAccessor.ALL, JsonAutoDetect.Visibility.NONE);
    mapper.setVisibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY);
    mapper.setVisibility(PropertyAccessor.CREATOR, JsonAutoDetect.Visibility.ANY);
    mapper.disable(
        SerializationFeature.WRITE_DATES_AS_TIMESTAMPS,
        SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS,
        SerializationFeature.FAIL_ON_EMPTY_BEANS);
    mapper.disable(
        DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
        DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE);
    mapper.enable(
        DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
        DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    mapper.setAnnotationIntrospector(
        AnnotationIntrospector.pair(
            new LeavesOutWhatIsEmpty(), new JacksonAnnotationIntrospector()));
    for (Class<?> collection :
        List.of(
            List.class, Set.class, Map.class, Collection.class, SortedMap.class, SortedSet.class)) {
      emptyWhenMissing(mapper, collection);
    }
    PersistentCollections.types().forEach(type -> emptyWhenMissing(mapper, type));
    return mapper;
  }

  private static void emptyWhenMissing(ObjectMapper mapper, Class<?> type) {
    mapper.configOverride(type).setSetterInfo(JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY));
  }

  /**
   * Of components only: Jackson would apply an override by type to the values of maps as well, and
   * an empty collection that is a value is there with its key.
   */
  private static final class LeavesOutWhatIsEmpty extends NopAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public JsonInclude.Value findPropertyInclusion(Annotated component) {
      Class<?> type = component.getRawType();
      if (!(component instanceof AnnotatedMember)) {
        return JsonInclude.Value.empty();
      }
      if (OPTIONALS.contains(type)) {
        return JsonInclude.Value.empty().withValueInclusion(JsonInclude.Include.NON_ABSENT);
      }
      return Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type)
          ? JsonInclude.Value.empty().withValueInclusion(JsonInclude.Include.NON_EMPTY)
          : JsonInclude.Value.empty();
    }
  }
}
