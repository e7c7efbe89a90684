package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.NodeSettings.Storage;
import dev.ahjo.persistence.postgres.server.PostgresExtension;
import dev.ahjo.persistence.postgres.server.PostgresProcess;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(PostgresExtension.class)
class PostgresNodeTest extends NodeStories {
  private int port;
  private final String user;
  private final String password;
  private final String schema;
  private boolean create = true;

  PostgresNodeTest(PostgresProcess server) {
    port = server.port();
    user = server.user();
    password = server.password();
    schema = server.freshSchema();
  }

  @BeforeEach
  void givePassword() throws IOException {
    Files.writeString(folder.resolve("password"), password + "\n");
  }

  @Override
  NodeSettings.Storage storage() {
    return new Storage.Postgresql(
        List.of(new Storage.ContactPoint("127.0.0.1", port)),
        "postgres",
        schema,
        create,
        user,
        new Storage.Password.InFile(folder.resolve("password")),
        Storage.TlsMode.DISABLE,
        Optional.empty());
  }

  @Test
  void tablesThatAreNotThereAreRefusedUnlessTheyMayBeMade() {
    create = false;

    assertThatThrownBy(() -> node(0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("schema " + schema + " has no tables of Ahjo")
        .hasMessageContaining("ahjo schema create");
  }

  @Test
  void aServerThatIsAwayIsNoMistakeOfTheSettings() throws IOException {
    int nobody;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = socket.getLocalPort();
    }
    port = nobody;

    assertThatThrownBy(() -> node(0))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("127.0.0.1:" + nobody);
  }

  @Test
  void aWrongPasswordIsToldAndNotShown() throws IOException {
    Files.writeString(folder.resolve("password"), "a wrong guess\n");

    assertThatThrownBy(() -> node(0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("PostgreSQL at 127.0.0.1:" + port)
        .hasMessageContaining("password authentication failed for user \"" + user + "\"")
        .hasMessageNotContaining("a wrong guess");
  }
}
