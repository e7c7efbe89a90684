package dev.ahjo.persistence.cassandra;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.journal.PekkoSpec;
import java.time.InstantSource;
import org.apache.pekko.persistence.CapabilityFlag;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pekko's own compatibility tests of journals and snapshot stores. */
@Tag("processes")
@ExtendWith(CassandraExtension.class)
class CassandraJournalContractTest {
  /** What Pekko's tests ask of a journal. */
  static final class Journal extends JavaJournalSpec {
    Journal(FactStore store) {
      super(store.config().withFallback(ConfigFactory.load()));
    }

    @Override
    public CapabilityFlag supportsRejectingNonSerializableObjects() {
      return CapabilityFlag.on();
    }

    @Override
    public CapabilityFlag supportsSerialization() {
      return CapabilityFlag.on();
    }
  }

  /** What Pekko's tests ask of a snapshot store. */
  static final class Snapshots extends JavaSnapshotStoreSpec {
    Snapshots(FactStore store) {
      super(store.config().withFallback(ConfigFactory.load()));
    }
  }

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
    PekkoSpec.assertPasses(new Journal(store));
  }

  @Test
  void keepsPekkosContractForSnapshotStores() {
    PekkoSpec.assertPasses(new Snapshots(store));
  }
}
