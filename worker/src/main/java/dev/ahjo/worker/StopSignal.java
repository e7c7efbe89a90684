package dev.ahjo.worker;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether the step that runs shall end, and why. */
final class StopSignal {
  private volatile @Nullable String reason;

  void give(String why) {
    reason = why;
  }

  boolean given() {
    return reason != null;
  }

  Optional<String> reason() {
    return Optional.ofNullable(reason);
  }
}
