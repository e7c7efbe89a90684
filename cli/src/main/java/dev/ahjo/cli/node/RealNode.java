package dev.ahjo.cli.node;

import dev.ahjo.cluster.Node;
import dev.ahjo.config.NodeSettings;
import java.io.IOException;
import java.net.URI;

/** The node of module cluster, in this process. */
public final class RealNode implements LocalNode {
  private final Node node;

  private RealNode(Node node) {
    this.node = node;
  }

  /** See {@link LocalNode.Starter}. */
  public static LocalNode start(NodeSettings settings) throws IOException {
    return new RealNode(Node.start(settings));
  }

  @Override
  public URI http() {
    return node.http();
  }

  @Override
  public String gate() {
    return node.gate();
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    node.awaitEnd();
  }

  @Override
  public void close() {
    node.close();
  }
}
