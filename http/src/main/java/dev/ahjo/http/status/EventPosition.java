package dev.ahjo.http.status;

import dev.ahjo.core.status.StatusEvent;
import dev.ahjo.http.exchange.Problem;
import java.util.Comparator;

/** An event's place among all, written {@code offset.index}: what {@code Last-Event-ID} holds. */
record EventPosition(long offset, int index) implements Comparable<EventPosition> {
  private static final Comparator<EventPosition> ORDER =
      Comparator.comparingLong(EventPosition::offset).thenComparingInt(EventPosition::index);

  static EventPosition of(StatusEvent event) {
    return new EventPosition(event.offset(), event.index());
  }

  /**
   * @throws Problem when {@code text} is none
   */
  static EventPosition parse(String text) {
    int dot = text.indexOf('.');
    try {
      if (dot > 0) {
        long offset = Long.parseLong(text.substring(0, dot));
        int index = Integer.parseInt(text.substring(dot + 1));
        if (offset >= 0 && index >= 0) {
          return new EventPosition(offset, index);
        }
      }
    } catch (NumberFormatException notOne) {
      // told below, with the whole text
    }
    throw Problem.parameter(
        "Last-Event-ID", "expected the id of an event, such as 1042.0, but found '" + text + "'");
  }

  @Override
  public int compareTo(EventPosition other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return offset + "." + index;
  }
}
