package dev.ahjo.persistence.journal;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.persistence.DataFolder;
import java.nio.file.Path;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
      PekkoSpec.assertPasses(new Journal(journal));
    }
  }

  @Test
  void keepsPekkosContractForSnapshotStores() throws Exception {
    try (var folder = DataFolder.open(path.resolve("s"));
        var journal = EmbeddedJournal.open(folder)) {
      PekkoSpec.assertPasses(new Snapshots(journal));
    }
  }
}
