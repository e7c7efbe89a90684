package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import org.scalatest.Args;
import org.scalatest.Reporter;
import org.scalatest.Suite;
import org.scalatest.events.Event;
import org.scalatest.events.TestFailed;
import scala.Option;

/** Runs a specification of Pekko's from JUnit. */
public final class PekkoSpec {
  private PekkoSpec() {}

  public static void assertPasses(Suite suite) {
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
