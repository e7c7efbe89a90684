package dev.ahjo.http.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.port.StreamStore.Subscription;

/** Tells when a build has ended, to those who wait for more of its logs. */
@FunctionalInterface
public interface Endings {
  /** Calls {@code ended} when the build ends from now on; from a thread not to be held up. */
  Subscription watch(BuildKey build, Runnable ended);
}
