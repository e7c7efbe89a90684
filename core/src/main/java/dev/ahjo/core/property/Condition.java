package dev.ahjo.core.property;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * An {@code if:} of a project file, such as {@code branch == "master" and not properties.quick}. A
 * name without a value is the empty string; a bare name holds unless it is empty, {@code false} or
 * {@code 0}.
 */
public sealed interface Condition {
  Condition ALWAYS = new Always();

  /** Whether it holds, where {@code values} answers names as templates know them. */
  boolean holds(Function<String, Optional<String>> values);

  record Always() implements Condition {
    @Override
    public boolean holds(Function<String, Optional<String>> values) {
      return true;
    }
  }

  /** {@code name == "text"}. */
  record Equal(Operand left, Operand right) implements Condition {
    @Override
    public boolean holds(Function<String, Optional<String>> values) {
      return left.value(values).equals(right.value(values));
    }
  }

  /** {@code branch =~ "release/*"}: a glob, where * stands for any text. */
  record Matches(Operand left, String glob) implements Condition {
    @Override
    public boolean holds(Function<String, Optional<String>> values) {
      return Glob.matches(glob, left.value(values));
    }
  }

  record Truthy(Operand operand) implements Condition {
    @Override
    public boolean holds(Function<String, Optional<String>> values) {
      String value = operand.value(values);
      return !(value.isEmpty() || value.equals("false") || value.equals("0"));
    }
  }

  record Not(Condition inner) implements Condition {
    @Override
    public boolean holds(Function<String, Optional<String>> values) {
      return !inner.holds(values);
    }
  }

  record All(List<Condition> parts) implements Condition {
    public All {
      parts = List.copyOf(parts);
    }

    @Override
    public boolean holds(Function<String, Optional<String>> values) {
      return parts.stream().allMatch(p -> p.holds(values));
    }
  }

  record Any(List<Condition> parts) implements Condition {
    public Any {
      parts = List.copyOf(parts);
    }

    @Override
    public boolean holds(Function<String, Optional<String>> values) {
      return parts.stream().anyMatch(p -> p.holds(values));
    }
  }

  /** One side of a comparison. */
  sealed interface Operand {
    String value(Function<String, Optional<String>> values);

    record Name(String name) implements Operand {
      @Override
      public String value(Function<String, Optional<String>> values) {
        return values.apply(name).orElse("");
      }
    }

    record Text(String text) implements Operand {
      @Override
      public String value(Function<String, Optional<String>> values) {
        return text;
      }
    }
  }
}
