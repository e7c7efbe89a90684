package dev.ahjo.wire;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.DatabindContext;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.jsontype.PolymorphicTypeValidator;
import com.fasterxml.jackson.databind.jsontype.TypeDeserializer;
import com.fasterxml.jackson.databind.jsontype.TypeIdResolver;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.jsontype.impl.StdTypeResolverBuilder;
import com.fasterxml.jackson.databind.jsontype.impl.TypeIdResolverBase;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes which of a sealed interface's records a value is, in the property {@code type}: its simple
 * name, looked up among the permitted ones. {@link Message} and {@link Fact} are open, since stages
 * of the path don't know each other; where a component is declared as one of these, {@code type} is
 * the class's name below {@code dev.ahjo.core}, and nothing outside core can be named.
 */
final class SealedTypes extends StdTypeResolverBuilder {
  private static final long serialVersionUID = 1;
  private static final String PROPERTY = "type";
  private static final String CORE = "dev.ahjo.core.";
  private static final Set<Class<?>> OPEN = Set.of(Message.class, Fact.class);

  SealedTypes() {
    super(JsonTypeInfo.Id.CUSTOM, JsonTypeInfo.As.PROPERTY, PROPERTY);
  }

  /** Whether values declared as {@code type} carry their name. */
  static boolean named(Class<?> type) {
    return type.getName().startsWith("dev.ahjo.")
        && (type.isSealed() || OPEN.contains(type) || (type.isRecord() && isMember(type)));
  }

  private static boolean isMember(Class<?> type) {
    return Arrays.stream(type.getInterfaces())
        .anyMatch(i -> i.isSealed() || OPEN.contains(i) || isMember(i));
  }

  /** The records below a sealed interface, by the name each has in {@code type}. */
  static Map<String, Class<?>> members(Class<?> root) {
    Map<String, Class<?>> byName = new TreeMap<>();
    leaves(root)
        .distinct()
        .forEach(leaf -> {
          Class<?> other = byName.put(leaf.getSimpleName(), leaf);
          if (other != null) {
            throw new IllegalStateException(
                "%s has two records of one simple name: %s and %s"
                    .formatted(root.getName(), other.getName(), leaf.getName()));
          }
        });
    return byName;
  }

  private static Stream<Class<?>> leaves(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(SealedTypes::leaves)
        : Stream.of(type);
  }

  @Override
  public @Nullable TypeSerializer buildTypeSerializer(
      SerializationConfig config, JavaType baseType, Collection<NamedType> subtypes) {
    return named(baseType.getRawClass())
        ? super.buildTypeSerializer(config, baseType, subtypes)
        : null;
  }

  @Override
  public @Nullable TypeDeserializer buildTypeDeserializer(
      DeserializationConfig config, JavaType baseType, Collection<NamedType> subtypes) {
    return named(baseType.getRawClass())
        ? super.buildTypeDeserializer(config, baseType, subtypes)
        : null;
  }

  @Override
  protected JavaType defineDefaultImpl(DeserializationConfig config, JavaType baseType) {
    // A record asked for by its own class needs no name to be found.
    return baseType.isConcrete() ? baseType : super.defineDefaultImpl(config, baseType);
  }

  @Override
  protected TypeIdResolver idResolver(
      MapperConfig<?> config,
      JavaType baseType,
      PolymorphicTypeValidator subtypeValidator,
      Collection<NamedType> subtypes,
      boolean forSer,
      boolean forDeser) {
    Class<?> base = baseType.getRawClass();
    return OPEN.contains(base) ? new OpenNames(baseType) : new SealedNames(baseType);
  }

  private static <T extends Class<?>> T requireNoClash(T record) {
    if (record.isRecord()
        && Arrays.stream(record.getRecordComponents())
            .anyMatch(c -> c.getName().equals(PROPERTY))) {
      throw new IllegalStateException(
          record.getName() + " has a component 'type', which is the name of its own kind");
    }
    return record;
  }

  /** Simple names of the permitted records. */
  private static final class SealedNames extends TypeIdResolverBase {
    private final Map<String, Class<?>> members;
    private final Set<Class<?>> known;

    SealedNames(JavaType base) {
      super(base, null);
      members = members(base.getRawClass());
      known = Set.copyOf(members.values());
      known.forEach(SealedTypes::requireNoClash);
    }

    @Override
    public String idFromValue(Object value) {
      return idFromValueAndType(value, value.getClass());
    }

    @Override
    public String idFromValueAndType(@Nullable Object value, Class<?> type) {
      if (!known.contains(type)) {
        throw new IllegalArgumentException(type.getName() + " is none of " + members.keySet());
      }
      return type.getSimpleName();
    }

    @Override
    public @Nullable JavaType typeFromId(DatabindContext context, String id) throws IOException {
      Class<?> member = members.get(id);
      if (member == null) {
        return unknown(
            context, _baseType, id, "expected one of " + new TreeSet<>(members.keySet()));
      }
      return context.constructSpecializedType(_baseType, member);
    }

    @Override
    public JsonTypeInfo.Id getMechanism() {
      return JsonTypeInfo.Id.CUSTOM;
    }
  }

  /** Names below {@code dev.ahjo.core} of records that implement an open interface. */
  private static final class OpenNames extends TypeIdResolverBase {
    private final Map<String, Class<?>> found = new ConcurrentHashMap<>();

    OpenNames(JavaType base) {
      super(base, null);
    }

    @Override
    public String idFromValue(Object value) {
      return idFromValueAndType(value, value.getClass());
    }

    @Override
    public String idFromValueAndType(@Nullable Object value, Class<?> type) {
      if (!type.isRecord() || !type.getName().startsWith(CORE)) {
        throw new IllegalArgumentException(type.getName() + " is no record of core");
      }
      return type.getName().substring(CORE.length());
    }

    @Override
    public @Nullable JavaType typeFromId(DatabindContext context, String id) throws IOException {
      Class<?> member = found.get(id);
      if (member == null) {
        try {
          // Not initialised: a name from outside must not run anything before it is found fit.
          member = Class.forName(CORE + id, false, SealedTypes.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError none) {
          return unknown(context, _baseType, id, "core has no such record");
        }
        if (!member.isRecord() || !_baseType.getRawClass().isAssignableFrom(member)) {
          return unknown(
              context, _baseType, id, "it is no " + _baseType.getRawClass().getSimpleName());
        }
        found.put(id, requireNoClash(member));
      }
      return context.constructSpecializedType(_baseType, member);
    }

    @Override
    public JsonTypeInfo.Id getMechanism() {
      return JsonTypeInfo.Id.CUSTOM;
    }
  }

  private static @Nullable JavaType unknown(
      DatabindContext context, JavaType base, String id, String why) throws IOException {
    if (context instanceof DeserializationContext reading) {
      throw reading.invalidTypeIdException(base, id, why);
    }
    return null;
  }
}
