package dev.ahjo.core.id;

import java.util.regex.Pattern;

/** The one rule for every name: what stands in URLs, file names and log lines without quoting. */
public final class Names {
  /** At most this many characters. */
  public static final int MAX_LENGTH = 100;

  private static final Pattern SHAPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]*");

  private Names() {}

  /**
   * Whether {@code value} may be a name: letters, digits and {@code . _ + -}, first a letter or
   * digit.
   */
  public static boolean valid(String value) {
    return value.length() <= MAX_LENGTH && SHAPE.matcher(value).matches();
  }

  /**
   * @throws IllegalArgumentException naming {@code what} when {@code value} is no valid name
   */
  static String require(String what, String value) {
    if (!valid(value)) {
      throw new IllegalArgumentException(
          "Expected a "
              + what
              + " of letters, digits and . _ + - (first a letter or digit, at most "
              + MAX_LENGTH
              + "), but found '"
              + value
              + "'");
    }
    return value;
  }
}
