package dev.ahjo.http.exchange;

import java.util.Optional;
import java.util.function.Supplier;

/**
 * Looks again for what is not there: somebody who has just been told an id may ask for it before
 * the read tables have heard of it.
 */
public interface Patience {
  /** As soon as {@code look} finds something, or once the tables are up to date without it. */
  <T> Optional<T> find(Supplier<Optional<T>> look);
}
