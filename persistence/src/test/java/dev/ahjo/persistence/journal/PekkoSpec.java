package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.apache.pekko.persistence.CapabilityFlag;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import org.scalatest.Args;
import org.scalatest.Reporter;
import org.scalatest.Suite;
import org.scalatest.events.Event;
import org.scalatest.events.TestFailed;
import scala.Option;

/** Runs Pekko's own specifications of what stores facts and snapshots from JUnit. */
public final class PekkoSpec {
  private PekkoSpec() {}

  /** What Pekko's tests ask of a journal. */
  private static final class Journal extends JavaJournalSpec {
    Journal(Config storage) {
      super(storage.withFallback(ConfigFactory.load()));
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
  private static final class Snapshots extends JavaSnapshotStoreSpec {
    Snapshots(Config storage) {
      super(storage.withFallback(ConfigFactory.load()));
    }
  }

  /** The journal that this configuration names keeps the contract of journals. */
  public static void assertJournal(Config storage) {
    assertPasses(new Journal(storage));
  }

  /** The snapshot store that this configuration names keeps the contract of such. */
  public static void assertSnapshots(Config storage) {
    assertPasses(new Snapshots(storage));
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
