package dev.ahjo.persistence.log;

import dev.ahjo.persistence.jdbc.Connections;
import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.postgres.PostgresSchema;
import dev.ahjo.persistence.postgres.server.PostgresExtension;
import dev.ahjo.persistence.postgres.server.PostgresProcess;
import java.io.IOException;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(PostgresExtension.class)
class PostgresStreamStoreTest extends SharedStreamContract {
  private static PostgresProcess process;
  private static PostgresServer server;
  private static Connections connections;

  @BeforeAll
  static void connect(PostgresProcess started) throws IOException {
    process = started;
    var settings = process.settings(process.freshSchema());
    PostgresSchema.create(settings);
    server = new PostgresServer(settings, "test");
    connections = PostgresStreamStore.connections(server);
  }

  @AfterAll
  static void disconnect() {
    connections.close();
  }

  @Override
  void empty() throws SQLException {
    connections.with(database -> {
      try (var statement = database.createStatement()) {
        return statement.execute("TRUNCATE stream_chunk, stream, stream_pruned");
      }
    });
  }

  @Override
  SharedStreamStore another(Growth growth) {
    return PostgresStreamStore.open(connections, growth, clock());
  }

  @Override
  long chunks() throws SQLException {
    return connections.with(database -> {
      try (var statement = database.createStatement();
          var found = statement.executeQuery("SELECT COUNT(*) FROM stream_chunk")) {
        found.next();
        return found.getLong(1);
      }
    });
  }

  @Override
  SharedStreamStore thatOutlivesKills() {
    return another(new Followers());
  }

  @Override
  String place() {
    return "PostgreSQL";
  }

  @Override
  void kill() throws IOException {
    process.kill();
  }

  @Override
  void restart() throws IOException {
    process.restart();
  }
}
