package dev.ahjo.persistence.farm;

/**
 * What the nodes of a farm tell each other of their storage, so that nobody has to look all the
 * time. Each may be lost.
 */
public sealed interface Signal {
  /** Some node has stored facts: there is something for the scribe. */
  record Announced() implements Signal {}

  /** The feed of all facts ends there now. */
  record Grown(long end) implements Signal {}

  /** The read tables show the feed up to there. */
  record Shown(long applied) implements Signal {}

  /** A log or an artifact has grown. */
  record StreamGrown(String stream) implements Signal {}
}
