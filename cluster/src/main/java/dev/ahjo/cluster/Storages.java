package dev.ahjo.cluster;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.persistence.EmbeddedStorage;
import dev.ahjo.persistence.Storage;
import java.io.IOException;

/** The storage that a node's settings name. */
final class Storages {
  private Storages() {}

  /**
   * Opens it.
   *
   * @throws IOException naming what is at fault: a folder in use or of a newer version, servers
   *     that don't answer, a schema that is not there
   */
  static Storage open(NodeSettings settings) throws IOException {
    return switch (settings.storage()) {
      case NodeSettings.Storage.Embedded _ -> EmbeddedStorage.open(settings.data());
      case NodeSettings.Storage.Cassandra _ ->
          throw new IOException("storage: cassandra is not supported by this version yet");
    };
  }
}
