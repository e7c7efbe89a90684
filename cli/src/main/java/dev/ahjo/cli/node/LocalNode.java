package dev.ahjo.cli.node;

import dev.ahjo.config.NodeSettings;
import java.io.IOException;
import java.net.URI;

/** A node in this process, as the verbs that run one see it. */
public interface LocalNode extends AutoCloseable {
  /** Starts a node. */
  @FunctionalInterface
  interface Starter {
    /**
     * Returns once the node answers.
     *
     * @throws IOException naming what is at fault, such as the port that is taken
     */
    LocalNode start(NodeSettings settings) throws IOException;
  }

  /** Where people and programs reach it. */
  URI http();

  /** Where workers join: {@code pekko://HOST:PORT}. */
  String gate();

  /** Waits until it has stopped, by {@link #close} or because somebody asked it to over HTTP. */
  void awaitEnd() throws InterruptedException;

  /** Stops it in order; stopping twice is harmless. */
  @Override
  void close();
}
