package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.persistence.DataFolder;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.Recorded;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class EmbeddedJournalTest {
  @TempDir Path path;
  private DataFolder folder;
  private EmbeddedJournal journal;
  private volatile long free = Long.MAX_VALUE;
  private volatile Supplier<@Nullable Error> failure = () -> null;

  @BeforeEach
  void open() throws Exception {
    folder = DataFolder.open(path);
    journal = EmbeddedJournal.open(folder, this::room);
  }

  private long room() {
    Error now = failure.get();
    if (now != null) {
      throw now;
    }
    return free;
  }

  private static void await(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("Within 20 s: " + what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @AfterEach
  void close() throws Exception {
    journal.close();
    folder.close();
  }

  private void restart() throws Exception {
    close();
    open();
  }

  private interface Story {
    void of(ActorTestKit system) throws Exception;
  }

  private void withSystem(Story story) throws Exception {
    ActorTestKit system =
        ActorTestKit.create(
            journal
                .config()
                .withFallback(
                    ConfigFactory.parseString(
                        "pekko.loggers = [\"org.apache.pekko.event.slf4j.Slf4jLogger\"]\n"
                            + "pekko.actor.allow-java-serialization = off"))
                .withFallback(ConfigFactory.load()));
    try {
      story.of(system);
    } finally {
      system.shutdownTestKit();
    }
  }

  private static void note(ActorTestKit system, ActorRef<Ledger.Command> ledger, String... texts) {
    TestProbe<Done> done = system.createTestProbe();
    for (String text : texts) {
      ledger.tell(new Ledger.Command.Note(text, done.ref()));
      done.receiveMessage(Duration.ofSeconds(20));
    }
  }

  private static String told(ActorTestKit system, ActorRef<Ledger.Command> ledger) {
    TestProbe<String> told = system.createTestProbe();
    ledger.tell(new Ledger.Command.Tell(told.ref()));
    return told.receiveMessage(Duration.ofSeconds(20));
  }

  @Test
  void anEntityIsThereAfterARestart() throws Exception {
    withSystem(system -> note(system, system.spawn(Ledger.of("r1", 0)), "one", "two"));
    restart();
    withSystem(system -> {
      var ledger = system.spawn(Ledger.of("r1", 0));
      assertThat(told(system, ledger)).isEqualTo("one;two;");
      note(system, ledger, "three");
    });
    assertThat(facts("r1")).hasSize(3);
  }

  @Test
  void aSnapshotShortensTheWay() throws Exception {
    withSystem(system -> {
      note(system, system.spawn(Ledger.of("r1", 3)), "a", "b", "c", "d");
      var stored = system.<Object>createTestProbe();
      stored.awaitAssert(
          Duration.ofSeconds(10),
          () -> {
            assertThat(count("snapshot")).isEqualTo(1);
            return null;
          });
    });
    restart();
    withSystem(
        system -> assertThat(told(system, system.spawn(Ledger.of("r1", 3)))).isEqualTo("d;"));
  }

  @Test
  void aSnapshotOfAnotherShapeIsPassedOverAndTheFactsAreReplayed() throws Exception {
    withSystem(system -> {
      note(system, system.spawn(Ledger.of("r1", 2)), "a", "b", "c");
      system
          .createTestProbe()
          .awaitAssert(
              Duration.ofSeconds(10),
              () -> {
                assertThat(count("snapshot")).isEqualTo(1);
                return null;
              });
    });
    sql("UPDATE snapshot SET manifest = 'request.0ther'");
    withSystem(
        system -> assertThat(told(system, system.spawn(Ledger.of("r1", 2)))).isEqualTo("a;b;c;"));
  }

  @Test
  void aCorruptRecordStopsItsEntityByNameAndIsKept() throws Exception {
    withSystem(system -> note(system, system.spawn(Ledger.of("r1", 0)), "one", "two", "three"));
    sql("UPDATE journal SET payload = X'00FF00FF' WHERE sequence_nr = 2");
    var log = new ListAppender<ILoggingEvent>();
    log.start();
    var root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(log);
    try {
      withSystem(system -> {
        var ledger = system.spawn(Ledger.of("r1", 0));
        TestProbe<Done> probe = system.createTestProbe();
        ledger.tell(new Ledger.Command.Note("four", probe.ref()));
        probe.expectTerminated(ledger, Duration.ofSeconds(20));
        // Others are none the worse for it.
        note(system, system.spawn(Ledger.of("r2", 0)), "fine");
      });
    } finally {
      root.detachAppender(log);
    }
    assertThat(log.list.stream().map(EmbeddedJournalTest::text).toList())
        .anySatisfy(
            line -> assertThat(line).contains("The journal's record request|r1 #2 can't be read"));
    assertThat(count("journal WHERE entity = 'request|r1'")).isEqualTo(3);
    assertThat(count("journal WHERE payload = X'00FF00FF'")).isEqualTo(1);
  }

  private static String text(ILoggingEvent event) {
    var text = new StringBuilder(event.getFormattedMessage());
    for (var cause = event.getThrowableProxy(); cause != null; cause = cause.getCause()) {
      text.append(" / ").append(cause.getMessage());
      if (!(cause instanceof ThrowableProxy)) {
        break;
      }
    }
    return text.toString();
  }

  @Test
  void twoRecordsOfOneNumberAreOneTooMany() throws Exception {
    append("r1", 1, "first");
    assertThatThrownBy(() -> append("r1", 1, "second"))
        .isInstanceOf(CompletionException.class)
        .hasMessageContaining("request|r1 #1");
    assertThat(facts("r1")).containsExactly("first");
  }

  @Test
  void aRefusedAppendTakesNoneOfItsBatchWithIt() {
    append("r0", 1, "first");
    var appends = new ArrayList<java.util.concurrent.CompletableFuture<Void>>();
    // One thread commits while these gather, so most of them share a batch with the wrong one.
    for (int i = 0; i < 200; i++) {
      appends.add(journal.writer().append(List.of(row("r" + i, 1, "x"))));
    }
    for (int i = 0; i < 200; i++) {
      assertThat(appends.get(i).handle((ok, failure) -> failure == null).join())
          .as("r" + i)
          .isEqualTo(i != 0);
    }
  }

  @Test
  void aPayloadLargerThanARowIsKept() throws Exception {
    String large = "x".repeat(3_000_000);
    append("r1", 1, large);
    append("r1", 2, "small");
    restart();
    assertThat(facts("r1")).containsExactly(large, "small");
  }

  @Test
  void aFullDiskIsToldAndWhatWaitsIsWrittenWhenThereIsRoom() throws Exception {
    append("r1", 1, "before");
    free = 1 << 20;
    var waiting = journal.writer().append(List.of(row("r1", 2, "waits")));
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> waiting.get(300, TimeUnit.MILLISECONDS))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);
    assertThat(journal.trouble()).hasValueSatisfying(why -> assertThat(why).contains("1 MiB left"));
    // Reading goes on meanwhile.
    assertThat(facts("r1")).containsExactly("before");
    free = Long.MAX_VALUE;
    waiting.get(10, TimeUnit.SECONDS);
    assertThat(journal.trouble()).isEmpty();
    assertThat(facts("r1")).containsExactly("before", "waits");
  }

  @Test
  void anAppendIsPatientFromItsOfferOnAndNotFromItsTurn() throws Exception {
    Duration patience = JournalWriter.PATIENCE;
    var clock = new AtomicLong(Long.MAX_VALUE - 5);
    free = 0;
    try (var writer =
        new JournalWriter(
            new EmbeddedDatabase(path.resolve("another"), () -> free), _ -> {}, clock::get)) {
      var first = writer.append(List.of(row("r1", 1, "first")));
      await("it is in hand", () -> writer.trouble().isPresent());
      clock.addAndGet(patience.toNanos() - 5);
      var second = writer.append(List.of(row("r2", 1, "second")));
      assertThat(first).isNotDone();
      clock.addAndGet(10);
      assertThat(first).failsWithin(10, TimeUnit.SECONDS);
      var third = writer.append(List.of(row("r3", 1, "third")));
      assertThat(second).isNotDone();
      clock.addAndGet(patience.toNanos() - 5);
      assertThat(second).failsWithin(10, TimeUnit.SECONDS);
      assertThat(third).isNotDone();
      free = Long.MAX_VALUE;
      assertThat(third).succeedsWithin(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void anErrorOfTheWriterFailsWhatItHadInHandAndNoMore() throws Exception {
    append("r1", 1, "before");
    failure = () -> new StackOverflowError("deep in the database");

    assertThat(journal.writer().append(List.of(row("r1", 2, "lost"))))
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableThat()
        .withMessageContaining("deep in the database");
    assertThat(journal.trouble())
        .hasValueSatisfying(why -> assertThat(why).contains("deep in the database"));
    failure = () -> null;
    append("r1", 2, "after");
    assertThat(journal.trouble()).isEmpty();
    assertThat(facts("r1")).containsExactly("before", "after");
  }

  @Test
  void nothingIsAcknowledgedBeforeItIsForced() {
    for (int i = 1; i <= 20; i++) {
      long before = DurableFiles.forces();
      append("r1", i, "x");
      assertThat(DurableFiles.forces()).isGreaterThan(before);
    }
  }

  @Test
  void aClosedJournalTakesNothing() throws Exception {
    JournalWriter writer = journal.writer();
    close();
    assertThat(writer.append(List.of(row("r1", 1, "late"))))
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableThat()
        .withMessageContaining("closed");
    open();
    assertThat(facts("r1")).isEmpty();
  }

  @Test
  void theFileDoesNotGrowWithEachCommit() throws Exception {
    // Each of these commits writes about 40 kB of pages; without tidying they would take 120 MB.
    for (int i = 1; i <= 3_000; i++) {
      append("r" + i % 50, 1 + i / 50, "x".repeat(200));
    }
    assertThat(java.nio.file.Files.size(path.resolve("journal/journal.mv.db")))
        .isLessThan(60L << 20);
  }

  private void append(String id, long number, String text) {
    journal.writer().append(List.of(row(id, number, text))).join();
  }

  static Row row(String id, long number, String text) {
    try {
      Recorded recorded = Ledger.row(text);
      return new Row(
          "request|" + id,
          number,
          "writer-" + text.length() + text.charAt(0),
          1,
          "",
          FactSerializer.ID,
          FactFormat.CURRENT.manifest(recorded),
          FactFormat.CURRENT.write(recorded));
    } catch (java.io.IOException bug) {
      throw new AssertionError(bug);
    }
  }

  private List<String> facts(String id) throws Exception {
    return FactFeed.of(journal, new EntityRef(EntityType.REQUEST, id), 1).stream()
        .flatMap(item -> item.facts().stream())
        .map(fact -> ((dev.ahjo.core.request.BuildRequest.Fact.RequestUnshelved) fact).by())
        .toList();
  }

  private void sql(String update) throws Exception {
    journal
        .writer()
        .change(database -> {
          try (var statement = database.createStatement()) {
            assertThat(statement.executeUpdate(update)).isPositive();
          }
        })
        .get(10, TimeUnit.SECONDS);
  }

  private long count(String from) {
    return journal
        .read(database -> {
          try (var statement = database.createStatement();
              var found = statement.executeQuery("SELECT COUNT(*) FROM " + from)) {
            found.next();
            return found.getLong(1);
          }
        })
        .join();
  }

  @Test
  void aRecordIsReadableByEye() throws Exception {
    append("r1", 1, "eve");
    byte[] payload =
        journal
            .read(database -> JournalTables.records(database, "request|r1", 1, 1, 1))
            .get(10, TimeUnit.SECONDS)
            .getFirst()
            .payload();
    assertThat(new String(payload, StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"at\":\"2026-11-23T01:02:03Z\",\"facts\":[{\"type\":\"RequestUnshelved\",\"by\":\"eve\"}]}");
  }
}
