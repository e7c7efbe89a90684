package dev.ahjo.persistence.formats;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A short print of everything that a type's written form depends on: the names and types of the
 * components of every record it can reach. Any edit of any of them changes it.
 */
final class Shape {
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private final Set<Class<?>> seen = new HashSet<>();
  private final StringBuilder text = new StringBuilder();

  private Shape() {}

  static String of(Class<?> type) {
    var shape = new Shape();
    shape.visit(type);
    long hash = FNV_OFFSET;
    for (int i = 0; i < shape.text.length(); i++) {
      hash = (hash ^ shape.text.charAt(i)) * FNV_PRIME;
    }
    return Long.toHexString(hash);
  }

  /** The records below a type, or itself. */
  static List<Class<?>> leaves(Class<?> type) {
    return below(type).distinct().sorted(Comparator.comparing(Class::getName)).toList();
  }

  private static Stream<Class<?>> below(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(Shape::below)
        : Stream.of(type);
  }

  private void visit(Type type) {
    switch (type) {
      case ParameterizedType p -> {
        text.append(p.getTypeName()).append(';');
        visit(p.getRawType());
        for (Type argument : p.getActualTypeArguments()) {
          visit(argument);
        }
      }
      case WildcardType w -> visit(w.getUpperBounds()[0]);
      case Class<?> c -> visit(c);
      default -> text.append(type.getTypeName()).append(';');
    }
  }

  private void visit(Class<?> type) {
    text.append(type.getName()).append(';');
    if (!type.getName().startsWith("dev.ahjo.") || !seen.add(type)) {
      return;
    }
    if (type.isEnum()) {
      text.append(Arrays.toString(type.getEnumConstants())).append(';');
    }
    if (type.isSealed()) {
      leaves(type).forEach(this::visit);
    }
    if (type.isRecord()) {
      for (RecordComponent component : type.getRecordComponents()) {
        text.append(component.getName()).append(':');
        visit(component.getGenericType());
      }
    }
  }
}
