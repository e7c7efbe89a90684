package dev.ahjo.core.arbitrary;

import dev.ahjo.core.kernel.Message;
import java.util.List;

/** A message for tests of what carries messages, whatever they are. */
public record Greeting(String text, List<Integer> numbers) implements Message {
  public Greeting {
    numbers = List.copyOf(numbers);
  }
}
