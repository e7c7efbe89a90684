package dev.ahjo.persistence.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.StatusContract;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.Views;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.h2.engine.Constants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusTablesTest extends StatusContract {
  @TempDir private Path folder;
  private StatusTables tables;
  private long offset;

  @BeforeEach
  void open() throws IOException {
    tables = StatusTables.open(folder, () -> 100);
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
  protected Views views() {
    return tables.views();
  }

  @Override
  protected void shown() {
    tables.views().commit(++offset);
  }

  @Test
  void whatIsNotCommittedIsNotSeenAndIsForgotten() {
    views().put(request("r1", "zlib/debian", "s1", "queued", null));
    assertThat(store().request(request("r1", "zlib/debian", "s1", "queued", null).id())).isEmpty();
    tables.views().forget();
    shown();
    assertThat(store().requests(StatusStore.Query.ALL).items()).isEmpty();
  }

  @Test
  void viewsAndOffsetOutliveTheProcess() throws IOException {
    views().put(builder("zlib/debian", false));
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    shown();
    tables.close();
    open();
    assertThat(tables.progress()).isEqualTo(new StatusStore.Progress(1, 100));
    views().put(build("zlib/debian#2", "r2", "s1", "w1", "running", null));
    shown();
    assertThat(store().builds(query(Map.of("builder", List.of("debian")))).items())
        .extracting(b -> b.key().toString())
        .containsExactly("zlib/debian#2", "zlib/debian#1");
  }

  @Test
  void aDocumentTooLongForARowIsKeptAllTheSame() {
    var small = build("zlib/debian#1", "r1", "s1", "w1", "running", null);
    var large =
        new BuildView(
            small.key(),
            small.request(),
            small.buildset(),
            small.attempt(),
            small.worker(),
            "x".repeat(3_000_000),
            small.state(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Map.of(),
            List.of(),
            small.submittedAt(),
            Optional.empty(),
            Optional.empty());
    views().put(large);
    shown();
    tables.views().forget();
    assertThat(store().build(small.key())).contains(large);
    assertThat(views().build(small.key())).contains(large);
    views().put(small);
    shown();
    assertThat(store().build(small.key())).contains(small);
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
    tables.close();
    open();
    assertThat(tables.progress().applied()).isZero();
    assertThat(store().build(BuildKey.parse("zlib/debian#1"))).isEmpty();
  }

  @Test
  void tablesOfAnotherJournalAreMadeAgain() throws IOException {
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    tables.views().commit(77);
    tables.close();
    tables = StatusTables.open(folder, () -> 76);
    assertThat(tables.progress()).isEqualTo(new StatusStore.Progress(0, 76));
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
