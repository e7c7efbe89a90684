package dev.ahjo.persistence.status;

import static dev.ahjo.core.status.Samples.build;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.status.StatusStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.h2.engine.Constants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusTablesTest extends CommittedContract {
  @TempDir private Path folder;
  private StatusTables tables;

  @BeforeEach
  void open() throws IOException {
    long end = tables == null ? 0 : tables.views().applied();
    tables = StatusTables.open(folder, () -> end);
  }

  @AfterEach
  void close() throws IOException {
    tables.close();
  }

  @Override
  protected StatusStore store() {
    return tables;
  }

  @Override
  protected CommittedViews views() {
    return tables.views();
  }

  @Override
  protected void reopen() throws IOException {
    tables.close();
    open();
  }

  @Test
  void aReaderSeesWhatStoodWhenItBeganAndHoldsUpNoWriter() throws Exception {
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    shown();
    var file = new StatusFile(folder);
    try (var slow = file.connect();
        var statement = slow.createStatement()) {
      slow.setAutoCommit(false);
      slow.setTransactionIsolation(Constants.TRANSACTION_SNAPSHOT);
      statement.executeQuery("SELECT COUNT(*) FROM build").close();
      views().put(build("zlib/debian#2", "r2", "s1", "w1", "running", null));
      shown();
      try (var row = statement.executeQuery("SELECT COUNT(*) FROM build")) {
        row.next();
        assertThat(row.getLong(1)).isEqualTo(1);
      }
    }
    assertThat(store().build(BuildKey.parse("zlib/debian#2"))).isPresent();
  }

  @Test
  void tablesOfAnotherVersionAreMadeAgain() throws Exception {
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    shown();
    try (var other = new StatusFile(folder).connect();
        var statement = other.createStatement()) {
      statement.execute("UPDATE meta SET layout = '0-former'");
    }
    reopen();
    assertThat(tables.progress().applied()).isZero();
    assertThatThrownBy(() -> store().build(BuildKey.parse("zlib/debian#1")))
        .isInstanceOf(StatusUnavailable.class)
        .hasMessage("The read tables are being brought up to date: 0 of 1");
    assertThat(tables.trouble()).isPresent();
    shown();
    assertThat(store().build(BuildKey.parse("zlib/debian#1"))).isEmpty();
    assertThat(tables.trouble()).isEmpty();
  }

  @Test
  void tablesOfAnotherJournalAreMadeAgain() throws IOException {
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    tables.views().commit(77);
    tables.close();
    tables = StatusTables.open(folder, () -> 76);
    assertThat(tables.progress()).isEqualTo(new StatusStore.Progress(0, 76));
    tables.views().commit(76);
    assertThat(store().build(BuildKey.parse("zlib/debian#1"))).isEmpty();
  }

  @Test
  void aDamagedFileIsMadeAgain() throws IOException {
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    shown();
    tables.close();
    Files.writeString(folder.resolve("status.mv.db"), "not a database\n".repeat(5000));
    open();
    assertThat(tables.progress().applied()).isZero();
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    shown();
    assertThat(store().build(BuildKey.parse("zlib/debian#1"))).isPresent();
  }

  /** Every list is read off an index, whatever it is filtered by. */
  @Test
  void noListOfMillionsIsScanned() throws SQLException {
    try (var database = new StatusFile(folder).connect();
        var statement = database.createStatement();
        var plan =
            statement.executeQuery(
                "EXPLAIN SELECT seq FROM build USE INDEX (build_builder) WHERE builder = 'zlib/debian'"
                    + " AND phase = 3 AND seq < 100 AND seq > 0"
                    + " ORDER BY builder, phase, seq DESC LIMIT 51")) {
      plan.next();
      assertThat(plan.getString(1)).contains("BUILD_BUILDER").contains("/* index sorted */");
    }
  }
}
