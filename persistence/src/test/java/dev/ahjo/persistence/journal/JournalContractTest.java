package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.persistence.DataFolder;
import java.nio.file.Path;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scalatest.Args;
import org.scalatest.Reporter;
import org.scalatest.Suite;
import org.scalatest.events.Event;
import org.scalatest.events.TestFailed;
import scala.Option;

/** Pekko's own compatibility tests of journals and snapshot stores. */
@Tag("processes")
class JournalContractTest {
  @TempDir static Path path;

  /** What Pekko's tests ask of a journal. */
  static final class Journal extends JavaJournalSpec {
    Journal(EmbeddedJournal journal) {
      super(journal.config().withFallback(ConfigFactory.load()));
    }

    @Override
    public org.apache.pekko.persistence.CapabilityFlag supportsRejectingNonSerializableObjects() {
      return org.apache.pekko.persistence.CapabilityFlag.on();
    }

    @Override
    public org.apache.pekko.persistence.CapabilityFlag supportsSerialization() {
      return org.apache.pekko.persistence.CapabilityFlag.on();
    }
  }

  /** What Pekko's tests ask of a snapshot store. */
  static final class Snapshots extends JavaSnapshotStoreSpec {
    Snapshots(EmbeddedJournal journal) {
      super(journal.config().withFallback(ConfigFactory.load()));
    }
  }

  @Test
  void keepsPekkosContractForJournals() throws Exception {
    try (var folder = DataFolder.open(path.resolve("j"));
        var journal = EmbeddedJournal.open(folder)) {
      assertPasses(new Journal(journal));
    }
  }

  @Test
  void keepsPekkosContractForSnapshotStores() throws Exception {
    try (var folder = DataFolder.open(path.resolve("s"));
        var journal = EmbeddedJournal.open(folder)) {
      assertPasses(new Snapshots(journal));
    }
  }

  private static void assertPasses(Suite suite) {
    var failures = new java.util.concurrent.ConcurrentLinkedQueue<String>();
    var passed = new java.util.concurrent.atomic.AtomicInteger();
    Reporter reporter =
        (Event event) -> {
          if (event instanceof TestFailed failed) {
            failures.add(failed.testName() + ": " + failed.message());
          } else if (event instanceof org.scalatest.events.TestSucceeded) {
            passed.incrementAndGet();
          }
        };
    var status =
        suite.run(
            Option.empty(),
            Args.apply(
                reporter,
                Args.apply$default$2(),
                Args.apply$default$3(),
                Args.apply$default$4(),
                Args.apply$default$5(),
                Args.apply$default$6(),
                Args.apply$default$7(),
                Args.apply$default$8(),
                Args.apply$default$9(),
                Args.apply$default$10()));
    assertThat(status.succeeds()).as(failures.toString()).isTrue();
    assertThat(failures).isEmpty();
    assertThat(passed.get()).isGreaterThan(5);
  }
}
