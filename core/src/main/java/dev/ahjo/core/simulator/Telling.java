package dev.ahjo.core.simulator;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.buildset.RequestSpec;
import dev.ahjo.core.project.ProjectDefinition;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Puts facts, messages and acts into short words for a story. */
final class Telling {
  private Telling() {}

  /** The record's name and values, without the plans, definitions and specs within. */
  static String of(Object value) {
    return switch (value) {
      case Plan _ -> "…";
      case ProjectDefinition p ->
          p.name() + " " + p.builders().stream().map(b -> b.name().value()).toList() + p.locks();
      case RequestSpec s -> s.builder().toString();
      case Optional<?> o -> o.map(Telling::of).orElse("-");
      case List<?> l -> l.stream().map(Telling::of).toList().toString();
      case Record r when shown(r) -> record(r);
      default -> value.toString();
    };
  }

  /** Ids and names tell themselves best. */
  private static boolean shown(Record value) {
    return !value.getClass().getPackageName().endsWith(".id")
        && !value.toString().startsWith(value.getClass().getSimpleName() + "[]")
        && value.toString().startsWith(value.getClass().getSimpleName() + "[");
  }

  private static String record(Record value) {
    List<String> parts = new ArrayList<>();
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      try {
        var accessor = component.getAccessor();
        accessor.setAccessible(true);
        parts.add(component.getName() + "=" + of(accessor.invoke(value)));
      } catch (ReflectiveOperationException notReadable) {
        parts.add(component.getName() + "=?");
      }
    }
    return value.getClass().getSimpleName() + parts;
  }
}
