package dev.ahjo.wire;

import com.fasterxml.jackson.core.Version;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.deser.Deserializers;
import com.fasterxml.jackson.databind.deser.std.StdDelegatingDeserializer;
import com.fasterxml.jackson.databind.jsontype.TypeDeserializer;
import com.fasterxml.jackson.databind.type.CollectionType;
import com.fasterxml.jackson.databind.type.MapType;
import com.fasterxml.jackson.databind.type.TypeFactory;
import com.fasterxml.jackson.databind.util.Converter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pcollections.AmortizedPQueue;
import org.pcollections.ConsPStack;
import org.pcollections.HashPMap;
import org.pcollections.HashTreePMap;
import org.pcollections.HashTreePSet;
import org.pcollections.MapPSet;
import org.pcollections.OrderedPMap;
import org.pcollections.OrderedPSet;
import org.pcollections.PCollection;
import org.pcollections.PMap;
import org.pcollections.PQueue;
import org.pcollections.PSequence;
import org.pcollections.PSet;
import org.pcollections.PSortedMap;
import org.pcollections.PSortedSet;
import org.pcollections.PStack;
import org.pcollections.PVector;
import org.pcollections.TreePMap;
import org.pcollections.TreePSet;
import org.pcollections.TreePVector;

/**
 * Reads the persistent collections. They are written as any map or list. Sorted ones are read with
 * their elements' natural order.
 */
final class PersistentCollections extends Module {
  private static final Map<Class<?>, Function<Collection<Object>, Object>> COLLECTIONS =
      Map.ofEntries(
          Map.entry(PCollection.class, TreePVector::from),
          Map.entry(PSequence.class, TreePVector::from),
          Map.entry(PVector.class, TreePVector::from),
          Map.entry(TreePVector.class, TreePVector::from),
          Map.entry(PStack.class, ConsPStack::from),
          Map.entry(ConsPStack.class, ConsPStack::from),
          Map.entry(PSet.class, HashTreePSet::from),
          Map.entry(MapPSet.class, HashTreePSet::from),
          Map.entry(OrderedPSet.class, OrderedPSet::from),
          Map.entry(PSortedSet.class, PersistentCollections::sortedSet),
          Map.entry(TreePSet.class, PersistentCollections::sortedSet),
          Map.entry(PQueue.class, c -> AmortizedPQueue.empty().plusAll(c)),
          Map.entry(AmortizedPQueue.class, c -> AmortizedPQueue.empty().plusAll(c)));

  private static final Map<Class<?>, Function<Map<Object, Object>, Object>> MAPS =
      Map.of(
          PMap.class, HashTreePMap::from,
          HashPMap.class, HashTreePMap::from,
          OrderedPMap.class, m -> OrderedPMap.empty().plusAll(m),
          PSortedMap.class, PersistentCollections::sortedMap,
          TreePMap.class, PersistentCollections::sortedMap);

  @SuppressWarnings({"unchecked", "rawtypes"}) // Jackson knows elements only as objects
  private static Object sortedSet(Collection<Object> elements) {
    return TreePSet.from((Collection) elements);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // as above
  private static Object sortedMap(Map<Object, Object> entries) {
    return TreePMap.fromSortedMap((java.util.SortedMap) new TreeMap<>(entries));
  }

  /** The types that are read here. */
  static Set<Class<?>> types() {
    return Stream.concat(COLLECTIONS.keySet().stream(), MAPS.keySet().stream())
        .collect(java.util.stream.Collectors.toUnmodifiableSet());
  }

  @Override
  public String getModuleName() {
    return "ahjo-persistent-collections";
  }

  @Override
  public Version version() {
    return Version.unknownVersion();
  }

  @Override
  public void setupModule(SetupContext context) {
    context.addDeserializers(new Readers());
  }

  private static final class Readers extends Deserializers.Base {
    @Override
    public @Nullable JsonDeserializer<?> findCollectionDeserializer(
        CollectionType type,
        DeserializationConfig config,
        BeanDescription description,
        @Nullable TypeDeserializer elementTypes,
        @Nullable JsonDeserializer<?> elements) {
      var finish = COLLECTIONS.get(type.getRawClass());
      return finish == null
          ? null
          : new StdDelegatingDeserializer<>(
              new Finish<>(
                  config
                      .getTypeFactory()
                      .constructCollectionType(ArrayList.class, type.getContentType()),
                  type,
                  finish));
    }

    @Override
    public @Nullable JsonDeserializer<?> findMapDeserializer(
        MapType type,
        DeserializationConfig config,
        BeanDescription description,
        @Nullable KeyDeserializer keys,
        @Nullable TypeDeserializer elementTypes,
        @Nullable JsonDeserializer<?> elements) {
      var finish = MAPS.get(type.getRawClass());
      return finish == null
          ? null
          : new StdDelegatingDeserializer<>(
              new Finish<>(
                  config
                      .getTypeFactory()
                      .constructMapType(
                          LinkedHashMap.class, type.getKeyType(), type.getContentType()),
                  type,
                  finish));
    }
  }

  /** Makes the persistent collection of an ordinary one. */
  private record Finish<I>(JavaType from, JavaType to, Function<I, Object> with)
      implements Converter<I, Object> {
    @Override
    public Object convert(I value) {
      return with.apply(value);
    }

    @Override
    public JavaType getInputType(TypeFactory factory) {
      return from;
    }

    @Override
    public JavaType getOutputType(TypeFactory factory) {
      return to;
    }
  }
}
