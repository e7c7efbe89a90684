package dev.ahjo.config.yaml;

import dev.ahjo.config.yaml.Value.Entry;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A mapping whose keys are known. A reader asks for each that it knows; whatever it has not asked
 * for when it calls {@link #close} is an unknown key.
 */
public final class Fields implements AutoCloseable {
  private final Value at;
  private final String what;
  private final Map<String, Entry> entries;
  private final Set<String> known = new LinkedHashSet<>();
  private final Set<String> missing = new LinkedHashSet<>();

  Fields(Value at, String what, Map<String, Entry> entries) {
    this.at = at;
    this.what = what;
    this.entries = entries;
  }

  /** The mapping itself, for errors about it as a whole. */
  public Value at() {
    return at;
  }

  /** The value of {@code key}, if it is there. */
  public Optional<Value> get(String key) {
    known.add(key);
    return Optional.ofNullable(entries.get(key)).map(Entry::value);
  }

  /** The key itself, for errors about it rather than its value. */
  public Optional<Value> key(String key) {
    known.add(key);
    return Optional.ofNullable(entries.get(key)).map(Entry::key);
  }

  /** The value of {@code key}; it is an error if it is not there. */
  public Optional<Value> require(String key) {
    Optional<Value> value = get(key);
    if (value.isEmpty()) {
      missing.add(key);
    }
    return value;
  }

  /**
   * Tells every key that nobody asked for, and every one missed that none of those was meant for.
   */
  @Override
  public void close() {
    entries.forEach((name, entry) -> {
      if (!known.contains(name)) {
        Optional<String> near = Shown.near(name, known);
        near.ifPresent(missing::remove);
        String hint =
            near.map(n -> "; did you mean '" + n + "'?")
                .orElse("; expected " + String.join(", ", known));
        entry.key().error("unknown key " + Shown.quoted(name) + " in " + what + hint);
      }
    });
    missing.forEach(
        key -> at.error("expected the key '" + key + "' in " + what + ", but it is not there"));
  }
}
