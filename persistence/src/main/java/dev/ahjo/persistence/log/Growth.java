package dev.ahjo.persistence.log;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore.Subscription;

/**
 * Carries the news that a stream has grown to those who follow it, also from node to node where a
 * stream is written on one and read on another. News may get lost, be late or come twice: whoever
 * hears them looks for himself, and looks now and then without.
 */
public interface Growth {
  /** The stream has grown or ended. Must be quick, and must not fail. */
  void grown(StreamKey stream);

  /** Calls {@code grown} at news of the stream, from any thread, until closed. */
  Subscription follow(StreamKey stream, Runnable grown);
}
