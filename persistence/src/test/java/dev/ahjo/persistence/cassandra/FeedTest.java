package dev.ahjo.persistence.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.journal.Row;
import dev.ahjo.persistence.status.FactSource.Entry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * All facts of a farm in one order. Two nodes write, the clock of one an hour behind; what a node
 * is told by another it does after.
 */
@Tag("processes")
@ExtendWith(CassandraExtension.class)
class FeedTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** A node: its clock, its store, and the scribe if it has one. */
  private static final class TestNode {
    final CausalClock clock;
    final FactStore store;
    volatile @Nullable Scribe scribe;

    TestNode(CassandraSettings settings, String name, Duration behind) throws Exception {
      clock = new CausalClock(() -> InstantSource.system().instant().minus(behind));
      store = FactStore.open(settings, name, clock, this::wake);
      store.endFormerLogs();
    }

    private void wake() {
      @Nullable Scribe mine = scribe;
      if (mine != null) {
        mine.wake();
      }
    }

    void takePen() {
      scribe = Scribe.start(store, end -> {});
    }

    void givePen() {
      @Nullable Scribe mine = scribe;
      scribe = null;
      if (mine != null) {
        mine.close();
      }
    }

    /** What a message between entities brings along. */
    void hears(TestNode other) {
      clock.seen(other.clock.shown());
    }

    /**
     * Like an entity, which begins again where it was when a write fails: a server's start may take
     * a busy machine longer than a write is tried.
     */
    void writes(String entity, long number, String text) {
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (true) {
        try {
          store.append(List.of(row(entity, number, "writer of " + entity, text))).join();
          return;
        } catch (CompletionException failed) {
          if (failed.getCause() instanceof JournalRows.TakenOver || System.nanoTime() - end > 0) {
            throw failed;
          }
        }
      }
    }
  }

  // One farm for all: making its tables takes longer than all that is done with them.
  private static FeedSource source;
  private static TestNode here;
  private static TestNode behind;
  private static TestNode third;

  /** Where the feed ended before the test. */
  private long before;

  @BeforeAll
  static void open(CassandraRing ring) throws Exception {
    CassandraSettings settings = TestRing.settings(ring);
    here = new TestNode(settings, "here", Duration.ZERO);
    behind = new TestNode(settings, "behind", Duration.ofHours(1));
    third = new TestNode(settings, "third", Duration.ZERO);
    source = new FeedSource(new Feed(here.store.session(), settings.keyspace()));
  }

  @BeforeEach
  void look() throws Exception {
    source.look();
    before = source.end();
  }

  @AfterEach
  void givePens() {
    here.givePen();
    behind.givePen();
    third.givePen();
  }

  @AfterAll
  static void close() {
    here.store.close();
    behind.store.close();
    third.store.close();
  }

  static Row row(String entity, long number, String writer, String text) {
    var facts =
        new Recorded(
            Instant.parse("2026-11-23T01:02:03Z"),
            List.<Fact>of(new BuildRequest.Fact.RequestUnshelved(text)));
    try {
      return new Row(
          entity,
          number,
          writer,
          1,
          "",
          FactSerializer.ID,
          FactFormat.CURRENT.manifest(facts),
          FactFormat.CURRENT.write(facts));
    } catch (IOException bug) {
      throw new AssertionError(bug);
    }
  }

  private List<Entry> awaitFeed(int rows) throws Exception {
    awaitEnd(rows);
    long end = System.nanoTime() + PATIENCE.toNanos();
    List<Entry> all = new ArrayList<>();
    while (before + all.size() < source.end()) {
      try {
        all.addAll(source.after(before + all.size(), 300));
      } catch (IOException down) {
        // The server answers again, but the driver has not tried it again yet.
        assertThat(down).hasMessageContaining("can't be read");
        assertThat(System.nanoTime() - end).as("still so: %s", down).isNegative();
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    return all;
  }

  private void awaitEnd(int rows) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (source.end() - before < rows) {
      assertThat(System.nanoTime() - end)
          .as("%d of %d rows", source.end() - before, rows)
          .isNegative();
      TimeUnit.MILLISECONDS.sleep(20);
      try {
        source.look();
      } catch (IOException down) {
        assertThat(down).hasMessageContaining("can't be read");
      }
    }
  }

  private static String text(Entry entry) {
    return ((BuildRequest.Fact.RequestUnshelved) entry.facts().getFirst()).by();
  }

  /**
   * Each chain is a story of cause and effect over two nodes: its entities write in turn, each
   * having heard of the one before.
   */
  private CompletableFuture<Void> chain(int chain, int links) {
    return CompletableFuture.runAsync(
        () -> {
          var random = new Random(chain);
          Map<String, Long> numbers = new HashMap<>();
          TestNode last = here;
          for (int link = 0; link < links; link++) {
            TestNode node = random.nextBoolean() ? here : behind;
            node.hears(last);
            // An entity stays where it is.
            String entity =
                "request|" + (node == here ? "h" : "b") + chain + "-" + random.nextInt(3);
            long number = numbers.merge(entity, 1L, Long::sum);
            node.writes(entity, number, chain + ":" + link);
            last = node;
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  /** Each row once, an entity's in order, and no effect before its cause. */
  private void assertSound(List<Entry> feed, int chains, int links) {
    assertThat(feed).hasSize(chains * links);
    Map<String, Long> last = new HashMap<>();
    Map<String, Integer> reached = new HashMap<>();
    long offset = before;
    for (Entry entry : feed) {
      assertThat(entry.offset()).isEqualTo(++offset);
      assertThat(entry.sequenceNr())
          .as("next of %s", entry.entity())
          .isEqualTo(last.merge(entry.entity().id(), 1L, Long::sum));
      String[] told = text(entry).split(":");
      assertThat(Integer.parseInt(told[1]))
          .as("next of chain %s", told[0])
          .isEqualTo(reached.merge(told[0], 1, Integer::sum) - 1);
    }
  }

  private CompletableFuture<Void> chains(int chains, int links) {
    return CompletableFuture.allOf(
        IntStream.range(0, chains)
            .mapToObj(chain -> chain(chain, links))
            .toArray(CompletableFuture[]::new));
  }

  @Test
  void noFactIsLostDoubledOrBeforeItsCauseThoughScribesComeAndGo(CassandraRing ring)
      throws Exception {
    int chains = 24;
    int links = 25;
    here.takePen();
    var writing = chains(chains, links);
    awaitEnd(chains * links / 8);
    here.givePen();
    behind.takePen();
    awaitEnd(chains * links / 4);
    here.takePen(); // Now there are two, as after a split.
    awaitEnd(chains * links / 3);
    ring.kill(0);
    // It must be possible to take over just when no server answers.
    third.takePen();
    ring.restart(0);
    awaitEnd(chains * links / 2);
    behind.givePen();
    third.givePen();
    writing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertSound(awaitFeed(chains * links), chains, links);
    assertThat(Objects.requireNonNull(here.scribe).missed()).isZero();
  }

  @Test
  void whatANodeStoredBeforeItDiedIsFedOnceItsEntityWakes() throws Exception {
    here.takePen();
    here.writes("request|r", 1, "first");
    // Killed between the two writes of an append: nobody was told of this row.
    behind.store.rows().append(List.of(row("request|r", 2, "second writer", "second"))).join();
    assertThat(awaitFeed(1)).extracting(FeedTest::text).containsExactly("first");

    long highest = here.store.rows().highest("request|r", 0).join();
    here.store.announce("request|r", highest).join();

    assertThat(awaitFeed(2)).extracting(FeedTest::text).containsExactly("first", "second");
  }

  /** Whether its place was noted, or only stands in the feed's last rows, or is known. */
  @Test
  void whatIsAnnouncedAgainIsNotFedTwice() throws Exception {
    for (int i = 1; i <= 4; i++) {
      TestNode scribe = i % 2 == 0 ? here : third;
      scribe.takePen();
      if (i > 1) {
        here.store.announce("request|again", i - 1).join();
      }
      here.writes("request|again", i, "0:" + (i - 1));
      here.store.announce("request|again", i).join();
      awaitFeed(i);
      if (i == 2) {
        awaitNoted("request|again", i);
      }
      scribe.givePen();
    }
    assertSound(awaitFeed(4), 1, 4);
  }

  private static void awaitNoted(String entity, long number) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (here.store.feed().fed(entity).join() < number) {
      assertThat(System.nanoTime() - end).as("%s is not noted", entity).isNegative();
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Test
  void ofTwoIncarnationsOfAnEntityOneGoesOn() throws Exception {
    here.takePen();
    here.writes("request|two", 1, "first");
    behind.store.append(List.of(row("request|two", 2, "the new one", "mine"))).join();

    assertThatThrownBy(
            () -> here.store.append(List.of(row("request|two", 2, "the old one", "mine"))).join())
        .hasCauseInstanceOf(JournalRows.TakenOver.class)
        .hasMessageContaining("request|two")
        .hasMessageContaining("#2");
    // The very same write again is what a driver does that lost the answer.
    here.store.append(List.of(row("request|two", 2, "the new one", "mine"))).join();
    assertThat(awaitFeed(2)).extracting(FeedTest::text).containsExactly("first", "mine");
  }

  /** The end may be known before a quorum shows the rows up to there. */
  @Test
  void rowsThatTheFeedDoesNotShowYetAreNotTakenForSeen() throws Exception {
    here.takePen();
    here.writes("request|seen", 1, "first");
    awaitFeed(1);
    long end = source.end();
    var ahead = new FeedSource(here.store.feed());
    ahead.grown(end + 5);
    assertThat(ahead.page(end - 1, 100).seen()).isEqualTo(end);
    assertThat(ahead.page(end, 100).seen()).isEqualTo(end);
  }

  /** In a rolling upgrade: a node of the new version will take over from here. */
  @Test
  void aRecordOfANewerVersionIsNotPassedOver() throws Exception {
    here.takePen();
    here.writes("request|newer", 1, "first");
    Row newer = row("request|newer", 2, "w", "second");
    byte[] payload =
        new String(newer.payload(), StandardCharsets.UTF_8)
            .replace("RequestUnshelved", "RequestUnshelved.7")
            .getBytes(StandardCharsets.UTF_8);
    here.store
        .append(
            List.of(
                new Row(
                    newer.persistenceId(),
                    2,
                    "w",
                    1,
                    "",
                    FactSerializer.ID,
                    newer.manifest(),
                    payload)))
        .join();
    here.writes("request|newer", 3, "third");
    awaitEnd(3);

    assertThat(source.after(before, 10)).extracting(FeedTest::text).containsExactly("first");
    assertThatThrownBy(() -> source.after(before + 1, 10))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("RequestUnshelved.7");
  }

  /** A deletion by a node whose clock is behind leaves the rows, but not the floor. */
  @Test
  void whatWasDeletedIsNotReplayedThoughItIsThere() {
    for (int i = 1; i <= 5; i++) {
      here.store.rows().append(List.of(row("request|floor", i, "w", "" + i))).join();
    }
    here.store
        .session()
        .execute(
            "INSERT INTO "
                + here.store.keyspace()
                + ".journal_floor (entity, deleted_to) VALUES ('request|floor', 3) USING TIMESTAMP"
                + " 3");
    List<Long> replayed = new ArrayList<>();
    here.store
        .rows()
        .replay("request|floor", 1, 5, 100, row -> replayed.add(row.sequenceNr()))
        .join();
    assertThat(replayed).containsExactly(4L, 5L);
    here.store.rows().delete("request|floor", 4).join();
    assertThat(here.store.rows().highest("request|floor", 0).join()).isEqualTo(5);
    replayed.clear();
    here.store
        .rows()
        .replay("request|floor", 1, 5, 100, row -> replayed.add(row.sequenceNr()))
        .join();
    assertThat(replayed).containsExactly(5L);
  }

  /** A pool's facts stand between those of all others; each by itself would cost a transaction. */
  @Test
  void manyAnnouncementsOfOneEntityShareAnAppend() throws Exception {
    int rounds = 60;
    for (int i = 1; i <= rounds; i++) {
      here.writes("pool|shared", i, "0:" + (2 * i - 2));
      here.hears(behind);
      behind.hears(here);
      behind.writes("request|shared-" + i, 1, "0:" + (2 * i - 1));
      here.hears(behind);
    }
    List<Long> ends = new CopyOnWriteArrayList<>();
    try (Scribe scribe = Scribe.start(here.store, ends::add)) {
      assertSound(awaitFeed(2 * rounds), 1, 2 * rounds);
      assertThat(scribe.missed()).isZero();
    }
    // The first is where it begins; the others are its appends.
    assertThat(ends).hasSizeLessThan(10);
  }

  /** And is not tried again for half a minute, as a write is whose outcome nobody knows. */
  @Test
  void aRowThatServersRefuseFailsAtOnce() {
    Row huge = row("request|huge", 1, "w", "x".repeat(6_000_000));
    assertThatThrownBy(() -> here.store.append(List.of(huge)).get(25, TimeUnit.SECONDS))
        .hasCauseInstanceOf(InvalidQueryException.class)
        .hasMessageContaining("exceeds");
  }

  @Test
  void aLongPartOfTheJournalAndOfTheFeedGoesOverIntoTheNext() throws Exception {
    here.takePen();
    int rows = (int) FactTables.ROWS_OF_PART + 10;
    List<Row> batch = new ArrayList<>();
    for (int i = 1; i <= rows; i++) {
      batch.add(row("request|long", i, "w", "0:" + (i - 1)));
      if (batch.size() == 99 || i == rows) {
        here.store.append(List.copyOf(batch)).join();
        batch.clear();
      }
    }
    assertThat(here.store.rows().highest("request|long", 0).join()).isEqualTo(rows);
    List<Row> read = here.store.rows().list("request|long", rows - 20, rows, 100).join();
    assertThat(read).hasSize(21);
    assertSound(awaitFeed(rows), 1, rows);
  }
}
