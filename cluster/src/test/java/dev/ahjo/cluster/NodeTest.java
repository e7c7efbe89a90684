package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.persistence.DataFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("processes")
class NodeTest extends NodeStories {
  @Override
  NodeSettings.Storage storage() {
    return new NodeSettings.Storage.Embedded();
  }

  @Test
  void aFolderInUseIsRefusedAndGivenBackAfterTheStop() throws Exception {
    Node first = node(0);
    assertThatThrownBy(() -> node(0)).isInstanceOf(DataFolder.DataFolderInUse.class);
    first.close();
    first.close();
    node(0);
  }

  @Test
  void whoStopsANodeThatStopsWaitsUntilItHasStopped() throws Exception {
    Node first = node(0);
    assertThat(
            HttpClient.newHttpClient()
                .send(
                    HttpRequest.newBuilder(first.http().resolve("/api/v1/cluster/shutdown"))
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build(),
                    HttpResponse.BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(202);
    first.close();
    // As a SIGTERM meanwhile: the process ends now, and everything must be given back.
    node(0);
  }

  @Test
  void aPortInUseLeavesNothingBehind() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> node(taken.getLocalPort()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1:" + taken.getLocalPort());
    }
    node(0);
  }
}
