package dev.ahjo.core.arbitrary;

import dev.ahjo.core.property.Template;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
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
 * Makes a value of any record of core, the same one for the same seed: components are filled by
 * their declared types, sealed interfaces by one of their records. A record whose constructor is
 * strict is tried again with tamer strings.
 *
 * <p>{@link #full} fills every collection with exactly one element and every optional, so that the
 * written form of a value shows each component and does not depend on the order of a set.
 */
public final class Arbitrary {
  private static final int MAX_DEPTH = 8;
  private static final int MAX_FULL_DEPTH = 20;
  private static final int TRIES = 20;
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "plain",
          "two words",
          "quote\" and \\ backslash",
          "line\nbreak\ttab",
          "nul\0",
          "ääkköset",
          "中文",
          "🦊",
          "${properties.x}",
          "a/b#1~2:3",
          "0",
          "null",
          "x".repeat(300));

  private final Random random;
  private final boolean full;
  private final Map<Class<?>, List<Class<?>>> open = new HashMap<>();
  private final Map<Type, Supplier<Object>> given = new HashMap<>();
  private int tame;

  private Arbitrary(long seed, boolean full) {
    this.random = new Random(seed);
    this.full = full;
  }

  public static Arbitrary seeded(long seed) {
    return new Arbitrary(seed, false);
  }

  /** Every collection has one element, every optional a value, every string is an ordinary word. */
  public static Arbitrary full(long seed) {
    var made = new Arbitrary(seed, true);
    made.tame = 1;
    return made;
  }

  /** The records to choose from where a component is declared as the interface {@code type}. */
  public Arbitrary choose(Class<?> type, Collection<? extends Class<?>> members) {
    open.put(type, List.copyOf(members));
    return this;
  }

  /** Takes values of {@code type} from {@code values}. */
  public <T> Arbitrary given(Class<T> type, Supplier<T> values) {
    given.put(type, values::get);
    return this;
  }

  public <T> T value(Class<T> type) {
    return type.cast(value((Type) type, Map.of(), 0));
  }

  /**
   * The records below a sealed interface, or {@code type} itself if it is one; in a fixed order.
   */
  public static List<Class<?>> records(Class<?> type) {
    return leaves(type).distinct().sorted(Comparator.comparing(Class::getName)).toList();
  }

  private static Stream<Class<?>> leaves(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(Arbitrary::leaves)
        : Stream.of(type);
  }

  private Object value(Type type, Map<String, Type> variables, int depth) {
    Supplier<Object> supplied = given.get(type);
    if (supplied != null) {
      return supplied.get();
    }
    return switch (type) {
      case Class<?> raw -> ofClass(raw, List.of(), depth);
      case ParameterizedType p ->
          ofClass(
              (Class<?>) p.getRawType(),
              Arrays.stream(p.getActualTypeArguments())
                  .map(a -> a instanceof TypeVariable<?> v ? bound(v, variables) : a)
                  .toList(),
              depth);
      case WildcardType w -> value(w.getUpperBounds()[0], variables, depth);
      case TypeVariable<?> v -> value(bound(v, variables), variables, depth);
      default -> throw new IllegalArgumentException("No values are known for " + type);
    };
  }

  private static Type bound(TypeVariable<?> variable, Map<String, Type> variables) {
    return variables.getOrDefault(variable.getName(), variable.getBounds()[0]);
  }

  private Object ofClass(Class<?> type, List<Type> arguments, int depth) {
    if (type == int.class || type == Integer.class) {
      return 1 + random.nextInt(full ? 99 : Integer.MAX_VALUE - 1);
    }
    if (type == long.class || type == Long.class) {
      return 1 + random.nextLong(full ? 99 : Long.MAX_VALUE - 1);
    }
    if (type == double.class || type == Double.class) {
      return full ? 0.5 : random.nextDouble();
    }
    if (type == boolean.class || type == Boolean.class) {
      return full || random.nextBoolean();
    }
    if (type == String.class) {
      return text();
    }
    if (type == byte[].class) {
      byte[] bytes = new byte[full ? 3 : random.nextInt(200)];
      random.nextBytes(bytes);
      return bytes;
    }
    if (type == Instant.class) {
      return Instant.ofEpochSecond(
          random.nextLong(4_000_000_000L), full ? 0 : random.nextInt(1_000_000_000));
    }
    if (type == Duration.class) {
      return full
          ? Duration.ofSeconds(1 + random.nextInt(100))
          : Duration.ofNanos(random.nextLong(Long.MAX_VALUE / 1000));
    }
    if (type == Template.class) {
      return Template.parse(
          full ? "make ${properties.goal}" : "a $${" + text().replace("${", "") + " ${branch}$");
    }
    if (type.isEnum()) {
      return pick(List.of(type.getEnumConstants()));
    }
    if (type == Optional.class) {
      return present(depth)
          ? Optional.of(value(arguments.getFirst(), Map.of(), depth + 1))
          : Optional.empty();
    }
    if (type == OptionalInt.class) {
      return present(depth) ? OptionalInt.of(random.nextInt(100)) : OptionalInt.empty();
    }
    if (type == OptionalLong.class) {
      return present(depth) ? OptionalLong.of(random.nextInt(100)) : OptionalLong.empty();
    }
    if (type == OptionalDouble.class) {
      return present(depth) ? OptionalDouble.of(0.25) : OptionalDouble.empty();
    }
    if (Collection.class.isAssignableFrom(type)) {
      return collection(type, arguments.getFirst(), depth);
    }
    if (Map.class.isAssignableFrom(type)) {
      return map(type, arguments.getFirst(), arguments.getLast(), depth);
    }
    if (open.containsKey(type)) {
      return ofClass(pick(open.getOrDefault(type, List.of())), List.of(), depth);
    }
    if (type.isSealed()) {
      return ofClass(member(type, depth), List.of(), depth);
    }
    if (type.isRecord()) {
      return record(type, arguments, depth);
    }
    throw new IllegalArgumentException("No values are known for " + type.getName());
  }

  private String text() {
    if (tame > 0) {
      return pick(List.of("zlib", "debian", "main", "w1", "compile", "1.2"));
    }
    return pick(TEXTS);
  }

  private boolean present(int depth) {
    return full ? depth <= MAX_FULL_DEPTH : depth < MAX_DEPTH && random.nextBoolean();
  }

  private int count(int depth) {
    if (full) {
      return depth <= MAX_FULL_DEPTH ? 1 : 0;
    }
    return depth < MAX_DEPTH ? random.nextInt(3) : 0;
  }

  /** Beyond the depth, one that does not lead back to its own interface. */
  private Class<?> member(Class<?> sealed, int depth) {
    List<Class<?>> members = records(sealed);
    if (full || depth >= MAX_DEPTH / 2) {
      List<Class<?>> simple =
          members.stream()
              .filter(m ->
                  m.isRecord()
                      && Arrays.stream(m.getRecordComponents())
                          .noneMatch(
                              c -> c.getGenericType().getTypeName().contains(sealed.getName())))
              .toList();
      return pick(simple.isEmpty() ? members : simple);
    }
    return pick(members);
  }

  private Object record(Class<?> type, List<Type> arguments, int depth) {
    Map<String, Type> variables = new HashMap<>();
    for (int i = 0; i < arguments.size(); i++) {
      variables.put(type.getTypeParameters()[i].getName(), arguments.get(i));
    }
    RecordComponent[] components = type.getRecordComponents();
    for (int tries = 1; ; tries++) {
      boolean tamer = tries > 1 || type.getSimpleName().endsWith("Name");
      tame += tamer ? 1 : 0;
      try {
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
          values[i] = value(components[i].getGenericType(), variables, depth + 1);
        }
        Constructor<?> constructor =
            type.getDeclaredConstructor(
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class[]::new));
        constructor.setAccessible(true);
        return constructor.newInstance(values);
      } catch (InvocationTargetException refused) {
        if (tries == TRIES) {
          throw new IllegalArgumentException(
              "No value of " + type.getName() + " was found", refused.getCause());
        }
      } catch (ReflectiveOperationException closed) {
        throw new IllegalArgumentException("Can't make a " + type.getName(), closed);
      } finally {
        tame -= tamer ? 1 : 0;
      }
    }
  }

  private Object collection(Class<?> type, Type element, int depth) {
    List<Object> elements = new ArrayList<>();
    for (int n = count(depth); n > 0; n--) {
      elements.add(value(element, Map.of(), depth + 1));
    }
    if (type == Set.class) {
      return Set.copyOf(new HashSet<>(elements));
    }
    if (type == SortedSet.class) {
      return new TreeSet<>(elements);
    }
    if (type == PSet.class || type == MapPSet.class) {
      return HashTreePSet.from(elements);
    }
    if (type == OrderedPSet.class) {
      return OrderedPSet.from(elements);
    }
    if (type == PSortedSet.class || type == TreePSet.class) {
      return sortedSet(elements);
    }
    if (type == PVector.class
        || type == TreePVector.class
        || type == PSequence.class
        || type == PCollection.class) {
      return TreePVector.from(elements);
    }
    if (type == PStack.class || type == ConsPStack.class) {
      return ConsPStack.from(elements);
    }
    if (type == PQueue.class || type == AmortizedPQueue.class) {
      return AmortizedPQueue.empty().plusAll(elements);
    }
    if (type == List.class || type == Collection.class) {
      return List.copyOf(elements);
    }
    throw new IllegalArgumentException("No values are known for " + type.getName());
  }

  private Object map(Class<?> type, Type key, Type value, int depth) {
    Map<Object, Object> entries = new HashMap<>();
    for (int n = count(depth); n > 0; n--) {
      entries.put(value(key, Map.of(), depth + 1), value(value, Map.of(), depth + 1));
    }
    if (type == PMap.class || type == HashPMap.class) {
      return HashTreePMap.from(entries);
    }
    if (type == OrderedPMap.class) {
      return OrderedPMap.empty().plusAll(entries);
    }
    if (type == PSortedMap.class || type == TreePMap.class) {
      return sortedMap(entries);
    }
    if (type == SortedMap.class) {
      return new TreeMap<>(entries);
    }
    if (type == Map.class) {
      return Map.copyOf(entries);
    }
    throw new IllegalArgumentException("No values are known for " + type.getName());
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // elements are known only by reflection
  private static Object sortedSet(List<Object> elements) {
    return TreePSet.from((Collection) elements);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // as above
  private static Object sortedMap(Map<Object, Object> entries) {
    return TreePMap.fromSortedMap((SortedMap) new TreeMap<>(entries));
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
