package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.DataFolder;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pekko's own compatibility tests of journals and snapshot stores. */
@Tag("processes")
class JournalContractTest {
  @TempDir static Path path;

  @Test
  void keepsPekkosContractForJournals() throws Exception {
    try (var folder = DataFolder.open(path.resolve("j"));
        var journal = EmbeddedJournal.open(folder)) {
      PekkoSpec.assertJournal(journal.config());
    }
  }

  @Test
  void keepsPekkosContractForSnapshotStores() throws Exception {
    try (var folder = DataFolder.open(path.resolve("s"));
        var journal = EmbeddedJournal.open(folder)) {
      PekkoSpec.assertSnapshots(journal.config());
    }
  }
}
