package dev.ahjo.persistence.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.status.StatusEvent;
import dev.ahjo.core.status.StatusStore.Progress;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.status.Story;
import dev.ahjo.core.worker.Worker;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusProjectionTest {
  private static final StatusProjection.Patience SHORT =
      new StatusProjection.Patience(Duration.ofMillis(5), Duration.ofMillis(20));

  @TempDir private Path folder;
  private final Chronicle chronicle = new Chronicle();
  private final MemoryJournal journal = chronicle.journal;
  private final Story story = chronicle.story;
  private final List<Progress> progress = Collections.synchronizedList(new ArrayList<>());
  private StatusTables tables;
  private LiveEvents events;
  private StatusProjection projection;

  @BeforeEach
  void start() throws IOException {
    tables = StatusTables.open(folder, journal::end);
    events = new LiveEvents(tables, journal);
    projection = StatusProjection.start(tables.views(), journal, events, progress::add, SHORT);
  }

  @AfterEach
  void stop() throws IOException {
    projection.close();
    tables.close();
  }

  @Test
  void theTablesFollowTheJournal() throws Exception {
    story.project("zlib", Story.builder("debian"), Story.builder("docs", "debian"));
    story.worker("w1", 1);
    story.submit("zlib");
    story.starts("zlib/debian#1");
    caughtUp();
    assertThat(state("zlib/debian#1")).isEqualTo("running");
    assertThat(tables.requestCounts()).isEqualTo(Map.of("blocked", 1L, "running", 1L));

    story.ends("zlib/debian#1", Result.SUCCESS);
    caughtUp();
    assertThat(state("zlib/debian#1")).isEqualTo("finished");
    assertThat(tables.requestCounts()).isEqualTo(Map.of("finished", 1L, "running", 1L));
    chronicle.assertSameAsInMemory(tables);
  }

  @Test
  void tablesThatWereDeletedAreMadeAgainAndEqualTheLiveOnes() throws Exception {
    chronicle.aBusyDay();
    caughtUp();
    var live = Chronicle.everything(tables);
    stop();
    Files.delete(folder.resolve("status.mv.db"));
    progress.clear();
    start();
    projection.caughtUp().toCompletableFuture().get(20, TimeUnit.SECONDS);

    assertThat(Chronicle.everything(tables)).isEqualTo(live);
    assertThat(progress).isNotEmpty();
    assertThat(progress.getLast()).isEqualTo(new Progress(journal.end(), journal.end()));
    assertThat(projection.strangers()).isZero();
    chronicle.assertSameAsInMemory(tables);
  }

  /** As a full disk leaves it: what is in the file's index is not in the file. */
  @Test
  void aFileDamagedWhileItIsOpenIsMadeAgain() throws Exception {
    chronicle.aBusyDay();
    caughtUp();
    int before = tables.builds(Query.ALL).items().size();
    try (var other = new StatusFile(folder).connect();
        var statement = other.createStatement()) {
      statement.execute("CHECKPOINT SYNC");
      statement.execute("SET CACHE_SIZE 0");
    }
    Path file = folder.resolve("status.mv.db");
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(3 * 4096);
    }
    await(
        "a reader meets it",
        () -> {
          try {
            Chronicle.everything(tables);
            return false;
          } catch (StatusUnavailable damaged) {
            return true;
          }
        });
    story.submit("zlib");
    await(
        "all is there again",
        () -> {
          try {
            // Meanwhile nobody is shown less than was shown before.
            assertThat(tables.builds(Query.ALL).items()).hasSizeGreaterThanOrEqualTo(before);
            return tables.progress().applied() == journal.end();
          } catch (StatusUnavailable notYet) {
            return false;
          }
        });
    chronicle.assertSameAsInMemory(tables);
  }

  @Test
  void aSecondStartGoesOnWhereTheFirstStopped() throws Exception {
    story.project("zlib", Story.builder("debian"));
    story.worker("w1", 1);
    caughtUp();
    stop();
    story.submit("zlib");
    start();
    caughtUp();
    assertThat(state("zlib/debian#1")).isEqualTo("starting");
    assertThat(progress.getLast().applied()).isEqualTo(journal.end());
    chronicle.assertSameAsInMemory(tables);
  }

  /** A crash leaves them older than what was read of them before it. */
  @Test
  void tablesOlderThanTheJournalAreNotReadUntilTheyHaveCaughtUp() throws Exception {
    story.project("zlib", Story.builder("debian"));
    story.worker("w1", 1);
    caughtUp();
    stop();
    story.submit("zlib");
    tables = StatusTables.open(folder, journal::end);
    assertThatThrownBy(() -> state("zlib/debian#1")).isInstanceOf(StatusUnavailable.class);
    tables.close();
    start();
    await("they are read again", () -> tables.trouble().isEmpty());
    assertThat(state("zlib/debian#1")).isEqualTo("starting");
  }

  /** As when a server of several has not got it yet. */
  @Test
  void whatTheJournalHasButDoesNotShowYetIsNotPassedOver() throws Exception {
    story.project("zlib", Story.builder("debian"));
    caughtUp();
    long shown = journal.end();
    journal.showsUpTo(shown);
    story.worker("w1", 1);
    story.submit("zlib");
    int pages = journal.pages();
    await("looked again", () -> journal.pages() > pages + 2);
    assertThat(tables.progress().applied()).isEqualTo(shown);

    journal.showsUpTo(Long.MAX_VALUE);
    caughtUp();
    assertThat(state("zlib/debian#1")).isEqualTo("starting");
    chronicle.assertSameAsInMemory(tables);
  }

  @Test
  void aFollowerTellsEachFactOfARecordOfMany() throws Exception {
    story.project("zlib", Story.builder("debian"));
    caughtUp();
    var live = new LiveEvents(tables, journal);
    List<Integer> heard = Collections.synchronizedList(new ArrayList<>());
    var follower = EventFollower.start(live, tables);
    try (var listening = live.listen(batch -> batch.forEach(e -> heard.add(e.index())))) {
      assertThat(listening).isNotNull();
      List<Fact> facts = Collections.nCopies(1_200, new BuildRequest.Fact.RequestUnshelved("eve"));
      journal.record(
          new EntityRef(EntityType.REQUEST, "r1"), 1, Instant.parse("2026-11-23T01:02:03Z"), facts);
      caughtUp();
      follower.shown(journal.end());
      await("all are told", () -> heard.size() >= facts.size());
    } finally {
      follower.close();
    }
    assertThat(heard).containsExactlyElementsOf(IntStream.range(0, 1_200).boxed().toList());
  }

  @Test
  void listenersHearOnceTheTablesShowIt() throws Exception {
    story.project("zlib", Story.builder("debian"));
    story.worker("w1", 1);
    caughtUp();
    List<StatusEvent> heard = new CopyOnWriteArrayList<>();
    List<String> shown = new CopyOnWriteArrayList<>();
    var subscription =
        events.listen(batch -> {
          heard.addAll(batch);
          batch.stream()
              .filter(e -> e.kind().equals("build_finished"))
              .forEach(e -> shown.add(state(e.entity().id())));
        });
    story.submit("zlib");
    story.starts("zlib/debian#1");
    story.ends("zlib/debian#1", Result.FAILURE);
    caughtUp();
    await("the end is told", () -> !shown.isEmpty());

    assertThat(shown).containsExactly("finished");
    assertThat(heard)
        .extracting(StatusEvent::kind)
        .contains("buildset_opened", "request_opened", "build_started", "step_ended")
        .endsWith("buildset_finished");
    assertThat(heard)
        .filteredOn(e -> e.kind().equals("request_finished"))
        .singleElement()
        .satisfies(e -> assertThat(e.project().orElseThrow().value()).isEqualTo("zlib"));
    assertThat(heard)
        .isSortedAccordingTo(
            Comparator.comparingLong(StatusEvent::offset).thenComparingInt(StatusEvent::index));

    subscription.close();
    int before = heard.size();
    story.submit("zlib");
    caughtUp();
    assertThat(heard).hasSize(before);

    var first = heard.getFirst();
    assertThat(events.since(first.offset(), first.index(), before - 1))
        .isEqualTo(heard.subList(1, before));
  }

  @Test
  void eventsAreReadAgainFromAnyPlace() throws Exception {
    chronicle.aBusyDay();
    caughtUp();
    var all = events.since(0, 0, Integer.MAX_VALUE);
    assertThat(all).hasSizeGreaterThan(400);
    assertThat(all.getFirst().kind()).isEqualTo("project_defined");
    var tenth = all.get(9);
    assertThat(events.since(tenth.offset(), tenth.index(), 300)).isEqualTo(all.subList(10, 310));
    assertThat(events.since(journal.end(), 1000, 10)).isEmpty();
    assertThat(events.since(tenth.offset(), Integer.MAX_VALUE, 10))
        .as("what a reader asks for who was told only that all up to here is shown")
        .isEqualTo(all.stream().filter(e -> e.offset() > tenth.offset()).limit(10).toList());
  }

  @Test
  void aListenerThatFailsHoldsUpNobody() throws Exception {
    List<StatusEvent> heard = new CopyOnWriteArrayList<>();
    events.listen(_ -> {
      throw new IllegalStateException("a page went away");
    });
    events.listen(heard::addAll);
    story.worker("w1", 1);
    await("the other hears", () -> !heard.isEmpty());
    assertThat(projection.trouble()).isEmpty();
  }

  @Test
  void aFactThatCannotBeAppliedStopsTheTablesThereAndSaysSo() throws Exception {
    story.project("zlib", Story.builder("debian"));
    story.worker("w1", 1);
    story.submit("zlib");
    caughtUp();
    stop();
    story.worker("w2", 1);
    long good = journal.end();
    journal.record(
        EntityRef.of(BuildKey.parse("zlib/debian#1")),
        99,
        story.now(),
        List.of(new Build.Fact.StepStarted(1, 7, story.now())));
    story.worker("w3", 1);
    start();

    await("it says so", () -> projection.trouble().isPresent());
    assertThat(projection.trouble().orElseThrow())
        .contains("offset " + (good + 1), "StepStarted", "build:zlib/debian#1");
    assertThat(tables.progress()).isEqualTo(new Progress(good, journal.end()));
    assertThat(tables.worker(new WorkerName("w2"))).isPresent();
    assertThat(tables.worker(new WorkerName("w3"))).isEmpty();
    assertThat(state("zlib/debian#1")).isEqualTo("starting");
  }

  @Test
  void aJournalThatCannotBeReadIsTriedAgain() throws Exception {
    story.worker("w1", 1);
    caughtUp();
    journal.broken(true);
    story.worker("w2", 1);
    await("it says so", () -> projection.trouble().isPresent());
    assertThat(projection.trouble().orElseThrow()).contains("the journal's disk is gone");
    assertThat(tables.worker(new WorkerName("w1"))).isPresent();
    journal.broken(false);
    caughtUp();
    assertThat(tables.worker(new WorkerName("w2"))).isPresent();
    await("all is well", () -> projection.trouble().isEmpty());
  }

  @Test
  void aDatabaseThatClosedItselfIsOpenedAgain() throws Exception {
    story.worker("w1", 1);
    caughtUp();
    try (var other = new StatusFile(folder).connect();
        var statement = other.createStatement()) {
      statement.execute("SHUTDOWN IMMEDIATELY");
    }
    story.worker("w2", 1);
    caughtUp();
    assertThat(tables.worker(new WorkerName("w2"))).isPresent();
    assertThat(tables.worker(new WorkerName("w1"))).isPresent();
  }

  @Test
  void factsAboutStrangersAreCounted() throws Exception {
    journal.record(
        EntityRef.of(new WorkerName("ghost")),
        1,
        Story.BEGIN,
        List.of(new Worker.Fact.WorkerPaused("ann")));
    caughtUp();
    assertThat(projection.strangers()).isEqualTo(1);
    assertThat(projection.trouble()).isEmpty();
  }

  private String state(String build) {
    return tables.build(BuildKey.parse(build)).orElseThrow().state();
  }

  private void caughtUp() {
    await("the tables have caught up", () -> tables.progress().applied() == journal.end());
  }

  private void await(String what, BooleanSupplier so) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!so.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("Not within 20 s: " + what + "; " + projection.trouble());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }
}
