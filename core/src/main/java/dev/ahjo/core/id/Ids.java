package dev.ahjo.core.id;

import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Makes ids that sort by time: 10 characters of milliseconds and 16 of chance, in Crockford's base
 * 32 (the ULID layout). Time and chance are arguments, as everywhere in core.
 */
public final class Ids {
  private static final char[] DIGITS = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();

  private Ids() {}

  /**
   * An id of {@code at}, made unlike all others by 80 bits of {@code high} (16) and {@code low}
   * (64).
   */
  public static String at(Instant at, long high, long low) {
    char[] text = new char[26];
    long millis = at.toEpochMilli();
    for (int i = 9; i >= 0; i--) {
      text[i] = DIGITS[(int) (millis & 31)];
      millis >>>= 5;
    }
    long rest = low;
    for (int i = 25; i >= 14; i--) {
      text[i] = DIGITS[(int) (rest & 31)];
      rest >>>= 5;
    }
    long top = (high << 4) | (rest & 15);
    for (int i = 13; i >= 10; i--) {
      text[i] = DIGITS[(int) (top & 31)];
      top >>>= 5;
    }
    return new String(text);
  }

  /** When the id was made, to the millisecond; empty if {@link #at} did not make it. */
  public static Optional<Instant> time(String id) {
    if (!made(id)) {
      return Optional.empty();
    }
    long millis = 0;
    for (int i = 0; i < 10; i++) {
      millis = (millis << 5) | digit(id.charAt(i));
    }
    return Optional.of(Instant.ofEpochMilli(millis));
  }

  /** The {@code low} that the id was made with; empty if {@link #at} did not make it. */
  public static OptionalLong low(String id) {
    if (!made(id)) {
      return OptionalLong.empty();
    }
    long low = digit(id.charAt(13)) & 15;
    for (int i = 14; i < 26; i++) {
      low = (low << 5) | digit(id.charAt(i));
    }
    return OptionalLong.of(low);
  }

  private static boolean made(String id) {
    return id.length() == 26 && id.chars().allMatch(c -> digit((char) c) >= 0);
  }

  private static int digit(char c) {
    return Arrays.binarySearch(DIGITS, c);
  }

  /**
   * The id of the {@code index}-th request of a buildset, counted from 0; the same at every replay.
   */
  public static RequestId request(BuildsetId buildset, int index) {
    return new RequestId(buildset.value() + "." + String.format(Locale.ROOT, "%03d", index));
  }
}
