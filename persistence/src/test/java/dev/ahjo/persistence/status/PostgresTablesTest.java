package dev.ahjo.persistence.status;

import static dev.ahjo.core.status.Samples.build;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.postgres.PostgresSchema;
import dev.ahjo.persistence.postgres.server.PostgresExtension;
import dev.ahjo.persistence.postgres.server.PostgresProcess;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(PostgresExtension.class)
class PostgresTablesTest extends CommittedContract {
  private static final StatusProjection.Patience SHORT =
      new StatusProjection.Patience(Duration.ofMillis(5), Duration.ofMillis(100));

  private final PostgresSettings settings;
  private final PostgresServer server;
  private PostgresTables tables;
  private CommittedViews views;

  PostgresTablesTest(PostgresProcess process) throws IOException {
    settings = process.settings(process.freshSchema());
    server = new PostgresServer(settings, "test");
    PostgresSchema.create(settings);
  }

  @BeforeEach
  void open() throws IOException {
    tables = PostgresTables.open(server, () -> 1000);
    views = tables.project();
  }

  @AfterEach
  void close() {
    tables.close();
  }

  @Override
  protected StatusStore store() {
    return tables;
  }

  @Override
  protected CommittedViews views() {
    return views;
  }

  @Override
  protected void reopen() throws IOException {
    tables.close();
    open();
  }

  @Test
  void tablesOfAnotherJournalAreRefused() {
    views.put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    views.commit(1001);
    assertThatThrownBy(this::reopen)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("1001")
        .hasMessageContaining(PostgresTables.schemaBeside(settings.schema()));
  }

  /** A node that hung, and does not know that another writes the tables now. */
  @Test
  void whoWasSupersededCommitsNothing() throws IOException {
    views.put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    views.commit(1);
    views.put(build("zlib/debian#2", "r2", "s1", "w1", "running", null));
    try (var others = PostgresTables.open(server, () -> 1000)) {
      CommittedViews successor = others.project();
      assertThatThrownBy(() -> views.commit(2)).isInstanceOf(StatusUnavailable.class);
      views.forget();
      successor.put(build("zlib/debian#3", "r3", "s1", "w1", "running", null));
      successor.commit(5);
      views.forget();
      assertThat(views.applied()).isEqualTo(5);
      views.put(build("zlib/debian#4", "r4", "s1", "w1", "running", null));
      assertThatThrownBy(() -> views.commit(6)).isInstanceOf(StatusUnavailable.class);
    }
    assertThat(tables.progress().applied()).isEqualTo(5);
    assertThat(store().build(BuildKey.parse("zlib/debian#3"))).isPresent();
    assertThat(store().build(BuildKey.parse("zlib/debian#2"))).isEmpty();
    assertThat(store().build(BuildKey.parse("zlib/debian#4"))).isEmpty();
  }

  @Test
  void aReaderSeesWhatStoodWhenItBeganAndHoldsUpNoWriter() throws Exception {
    views.put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    shown();
    long seen =
        tables.ask(reader -> {
          long before = count(reader);
          views.put(build("zlib/debian#2", "r2", "s1", "w1", "running", null));
          shown();
          assertThat(count(reader)).isEqualTo(before);
          return before;
        });
    assertThat(seen).isEqualTo(1);
    assertThat(store().build(BuildKey.parse("zlib/debian#2"))).isPresent();
  }

  private static long count(Readers.Reader reader) throws SQLException {
    try (var row = reader.prepare("SELECT COUNT(*) FROM build").executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Every list is read off an index, whatever it is filtered by. */
  @Test
  void noListOfMillionsIsScanned() throws Exception {
    try (var database = server.connect(PostgresTables.schemaBeside(settings.schema()));
        var statement = database.createStatement()) {
      statement.execute(
          "INSERT INTO build (seq, id, project, builder, worker, buildset, request, phase)"
              + " SELECT n, 'p/b' || n % 40 || '#' || n, 'p', 'p/b' || n % 40, 'w' || n % 100,"
              + " 's' || n, 'r' || n, CASE WHEN n % 500 = 0 THEN 3 ELSE 9 END"
              + " FROM generate_series(1, 20000) AS n");
      statement.execute("ANALYZE build");
      for (String by : List.of("builder = 'p/b7'", "worker = 'w3'")) {
        try (var plan =
            statement.executeQuery(
                "EXPLAIN SELECT seq FROM build WHERE "
                    + by
                    + " AND phase = 3 AND seq < 15000 AND seq > 0 ORDER BY "
                    + by.substring(0, by.indexOf(' '))
                    + ", phase, seq DESC LIMIT 51")) {
          var told = new StringBuilder();
          while (plan.next()) {
            told.append(plan.getString(1)).append('\n');
          }
          assertThat(told.toString())
              .contains("build_" + by.substring(0, by.indexOf(' ')))
              .doesNotContain("Sort", "Seq Scan");
        }
      }
    }
  }

  @Test
  void aBusyDayIsToldAsItWasThoughTheServerIsKilledTwice(PostgresProcess process) throws Exception {
    var chronicle = new Chronicle();
    chronicle.aBusyDay();
    var journal = chronicle.journal;
    try (var shown = PostgresTables.open(server, journal::end)) {
      var live = new LiveEvents(shown, journal);
      var projection =
          StatusProjection.start(shown.project(), slowly(journal), live, _ -> {}, SHORT);
      try {
        for (long stop : new long[] {journal.end() / 4, journal.end() / 2}) {
          await(shown, stop);
          process.kill();
          process.restart();
        }
        await(shown, journal.end());
        assertThat(projection.strangers()).isZero();
        chronicle.assertSameAsInMemory(shown);
      } finally {
        projection.close();
      }
    }
  }

  /** Hands out little at a time, so that there is something left to do after a kill. */
  private static FactSource slowly(FactSource journal) {
    return new FactSource() {
      @Override
      public List<Entry> after(long offset, int limit) throws IOException {
        return journal.after(offset, Math.min(limit, 5));
      }

      @Override
      public long end() {
        return journal.end();
      }

      @Override
      public Subscription onAppend(Runnable appended) {
        return journal.onAppend(appended);
      }
    };
  }

  private static void await(StatusStore tables, long applied) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    long reached = 0;
    while (reached < applied) {
      assertThat(System.nanoTime()).as("deadline at " + reached).isLessThan(deadline);
      try {
        reached = tables.progress().applied();
      } catch (StatusUnavailable away) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }
}
