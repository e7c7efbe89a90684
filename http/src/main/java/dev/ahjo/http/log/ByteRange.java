package dev.ahjo.http.log;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a {@code Range} header asks for. A header that can't be read, or that asks for several
 * ranges at once, asks for everything, as RFC 9110 lets it.
 */
sealed interface ByteRange {
  /** Bytes of everything that there is. */
  record All() implements ByteRange {}

  /** From {@code first} to {@code last}, both included; without a last one to the end. */
  record From(long first, Optional<Long> last) implements ByteRange {}

  record LastOnes(long count) implements ByteRange {}

  Pattern ONE = Pattern.compile("\\s*bytes\\s*=\\s*(\\d{0,18})\\s*-\\s*(\\d{0,18})\\s*");

  static ByteRange parse(String header) {
    Matcher m = ONE.matcher(header);
    if (!m.matches() || (m.group(1).isEmpty() && m.group(2).isEmpty())) {
      return new All();
    }
    if (m.group(1).isEmpty()) {
      return new LastOnes(Long.parseLong(m.group(2)));
    }
    long first = Long.parseLong(m.group(1));
    if (m.group(2).isEmpty()) {
      return new From(first, Optional.empty());
    }
    long last = Long.parseLong(m.group(2));
    return last < first ? new All() : new From(first, Optional.of(last));
  }

  /** A piece of {@code size} bytes: from {@code first}, before {@code end}. */
  record Piece(long first, long end) {}

  /** The piece of so many bytes; empty when there is nothing in that range. */
  default Optional<Piece> of(long size) {
    return switch (this) {
      case All _ -> Optional.of(new Piece(0, size));
      case From r when r.first() >= size -> Optional.empty();
      case From r ->
          Optional.of(new Piece(r.first(), r.last().map(l -> Math.min(size, l + 1)).orElse(size)));
      case LastOnes r when r.count() == 0 || size == 0 -> Optional.empty();
      case LastOnes r -> Optional.of(new Piece(Math.max(0, size - r.count()), size));
    };
  }
}
