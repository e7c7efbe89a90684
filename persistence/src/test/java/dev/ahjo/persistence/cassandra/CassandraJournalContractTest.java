package dev.ahjo.persistence.cassandra;

import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.journal.PekkoSpec;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pekko's own compatibility tests of journals and snapshot stores. */
@Tag("processes")
@ExtendWith(CassandraExtension.class)
class CassandraJournalContractTest {
  private static FactStore store;

  @BeforeAll
  static void open(CassandraRing ring) throws Exception {
    store =
        FactStore.open(
            TestRing.settings(ring), "node", new CausalClock(InstantSource.system()), () -> {});
  }

  @AfterAll
  static void close() {
    store.close();
  }

  @Test
  void keepsPekkosContractForJournals() {
    PekkoSpec.assertJournal(store.config());
  }

  @Test
  void keepsPekkosContractForSnapshotStores() {
    PekkoSpec.assertSnapshots(store.config());
  }
}
