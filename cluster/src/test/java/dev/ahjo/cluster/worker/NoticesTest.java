package dev.ahjo.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cluster.worker.Letter.Place;
import dev.ahjo.core.id.WorkerName;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a gate tells the directories of its workers, and for how long. */
class NoticesTest {
  private static final long A = 1;
  private static final long D = 2;

  private final SessionIds ids = new SessionIds(Clock.systemUTC(), 9);
  private final Place place = new Place(new WorkerName("w1"), ids.next());
  private final Notices notices = new Notices();

  @Test
  void aDirectoryIsToldUntilItHasNoted() {
    notices.welcomed(place, A);
    assertThat(notices.due(10)).isEqualTo(Map.of(A, List.of(place)));
    assertThat(notices.due(11)).as("its answer is on its way").isEmpty();
    assertThat(notices.due(12)).isEqualTo(Map.of(A, List.of(place)));
    notices.noted(A, place);
    assertThat(notices.due(20)).isEmpty();
  }

  @Test
  void anAnswerOfTheDirectoryBeforeIsNoneOfThePresentOne() {
    notices.welcomed(place, A);
    notices.due(10);
    notices.rehome(_ -> D);
    assertThat(notices.due(10)).isEqualTo(Map.of(D, List.of(place)));
    notices.noted(A, place);
    assertThat(notices.due(12)).as("that letter may be lost").containsOnlyKeys(D);
    notices.noted(D, place);
    assertThat(notices.due(20)).isEmpty();
  }

  @Test
  void whatWasNotedIsToldAnewSinceItMayBeForgotten() {
    notices.welcomed(place, D);
    notices.due(10);
    notices.noted(D, place);
    notices.rehome(_ -> D);
    assertThat(notices.due(60)).as("nothing has changed here").isEmpty();
    notices.again();
    assertThat(notices.due(60)).isEqualTo(Map.of(D, List.of(place)));
    notices.noted(D, place);
    assertThat(notices.due(70)).isEmpty();
  }

  @Test
  void whatIsOverIsToldOnce() {
    var older = new Place(place.worker(), place.session());
    var newer = new Place(place.worker(), ids.next());
    notices.welcomed(newer, A);
    notices.welcomed(older, D);
    assertThat(notices.closed(older)).as("a newer one took its place").isEmpty();
    assertThat(notices.closed(newer)).hasValue(A);
    notices.again();
    assertThat(notices.due(10)).isEmpty();
  }
}
