package dev.ahjo.cli.farm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;

/** What is told of a farm whose callers go on while something is done to it. */
abstract class FarmStories {
  /** Calm between two events, so that each can be told from the other, in seconds. */
  static final int CALM = Integer.getInteger("ahjo.farm.calm", 10);

  /** Builds a second. */
  static final double RATE = Double.parseDouble(System.getProperty("ahjo.farm.rate", "2"));

  /**
   * The aim is 5 s on a machine that has nothing else to do; a busy one may fail it without being
   * wrong.
   */
  static final Duration LATEST_START =
      Duration.ofSeconds(Integer.getInteger("ahjo.farm.latest", 5));

  @TempDir Path temporary;

  /** What is kept of a story; {@code -Dahjo.farm.folder} keeps it for longer. */
  Path folder(String name) {
    String kept = System.getProperty("ahjo.farm.folder", "");
    return (kept.isEmpty() ? temporary : Path.of(kept)).resolve(name);
  }

  static void calm(int seconds) {
    new CompletableFuture<Void>().completeOnTimeout(null, seconds, TimeUnit.SECONDS).join();
  }

  /** Two agents and callers, after their first builds: cold code says nothing of a farm. */
  static Callers warm(Masters masters, Phases phases) throws Exception {
    masters.startAgent("w1", 6);
    masters.startAgent("w2", 6);
    var callers = new Callers(masters);
    callers.define();
    phases.begin("warming up");
    callers.start(RATE);
    Masters.await("first builds", () -> callers.ended() >= 40);
    phases.begin("calm");
    calm(CALM);
    return callers;
  }

  /** All ended well in their first attempt, ran once, and printed what the farm has. */
  static List<Callers.Done> onceAndWell(Callers callers, Phases phases) throws Exception {
    List<Callers.Done> done = callers.end();
    phases.tell(done);
    for (Callers.Done each : done) {
      assertThat(each.result()).as("result of %s", each).isEqualTo("success");
      assertThat(each.runs()).as("runs of %s", each).isEqualTo(1);
      assertThat(each.attempts()).as("attempts of %s", each).isEqualTo(1);
      assertThat(callers.log(each)).as("log of %s", each).isEqualTo(Callers.printed(each));
    }
    assertThat(done).extracting(Callers.Done::build).doesNotHaveDuplicates();
    System.out.printf(
        "farm: %d builds ended well, each once, with all they printed%n", done.size());
    return done;
  }
}
