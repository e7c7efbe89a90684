package dev.ahjo.persistence.cassandra;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.journal.PekkoSpec;
import java.time.InstantSource;
import org.apache.pekko.persistence.CapabilityFlag;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
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

  private static FactStore open(CassandraRing ring) throws Exception {
    return FactStore.open(
        TestRing.settings(ring), "node", new CausalClock(InstantSource.system()), () -> {});
  }

  @Test
  void keepsPekkosContractForJournals(CassandraRing ring) throws Exception {
    try (FactStore store = open(ring)) {
      PekkoSpec.assertPasses(new Journal(store));
    }
  }

  @Test
  void keepsPekkosContractForSnapshotStores(CassandraRing ring) throws Exception {
    try (FactStore store = open(ring)) {
      PekkoSpec.assertPasses(new Snapshots(store));
    }
  }
}
