package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.core.project.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Live events: in order, resumed without gaps, and never at the expense of others. */
class EventsTest {
  /** An event as a browser reads it. */
  private record Heard(String name, String id, JsonNode data) {}

  private static final class Stream implements AutoCloseable {
    private final BufferedReader lines;
    private final List<String> comments = new ArrayList<>();

    Stream(InputStream body) {
      lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    Heard next() throws IOException {
      String name = "message";
      String id = "";
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(":")) {
          comments.add(line);
        } else if (line.startsWith("event: ")) {
          name = line.substring(7);
        } else if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          return new Heard(name, id, Desk.JSON.readTree(line.substring(6)));
        }
      }
      throw new AssertionError("the stream ended");
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  @Test
  void whatHappensIsToldInOrderToThoseItConcerns() throws Exception {
    try (Desk desk = new Desk();
        Stream all = new Stream(desk.open("/api/v1/events"));
        Stream ends = new Stream(desk.open("/api/v1/events?project=libxml2&kind=build_finished"));
        Stream other = new Stream(desk.open("/api/v1/events?project=glib&kind=project_defined"))) {
      assertThat(all.next().name()).isEqualTo("hello");
      assertThat(ends.next().name()).isEqualTo("hello");
      assertThat(other.next().name()).isEqualTo("hello");
      desk.project("debian");
      desk.farm.joins("w1", 1);
      desk.submit("debian");
      desk.ends("w1", desk.begins("w1"), Result.WARNINGS);
      desk.put("/api/v1/projects/glib", "project: glib debian");

      Heard end = ends.next();
      assertThat(end.data().path("kind").asText()).isEqualTo("build_finished");
      assertThat(end.data().path("result").asText()).isEqualTo("warnings");
      assertThat(end.data().path("builder").asText()).isEqualTo("debian");
      assertThat(end.data().path("number").asInt()).isEqualTo(1);
      assertThat(other.next().data().path("project").asText()).isEqualTo("glib");
      Set<String> kinds = new TreeSet<>();
      String kind = "";
      while (!kind.equals("build_finished")) {
        kind = all.next().data().path("kind").asText();
        kinds.add(kind);
      }
      assertThat(kinds)
          .contains("project_defined", "buildset_opened", "build_started", "step_ended");
    }
  }

  @Test
  void aReaderWhoComesBackMissesNothingAndHearsNothingTwice() throws Exception {
    try (Desk desk = new Desk()) {
      desk.project("debian");
      String last;
      try (Stream first = new Stream(desk.open("/api/v1/events", "Last-Event-ID", "0.0"))) {
        last = first.next().id();
      }
      desk.submit("debian");
      desk.farm.joins("w1", 1);
      List<String> ids = new ArrayList<>();
      try (Stream again = new Stream(desk.open("/api/v1/events", "Last-Event-ID", last))) {
        ids.add(again.next().id());
        desk.submit("debian");
        int end = desk.farm.since(0, 0, 1000).size();
        while (!ids.getLast().equals(end + ".0")) {
          ids.add(again.next().id());
        }
        assertThat(ids).doesNotHaveDuplicates().doesNotContain(last);
        assertThat(ids).hasSize(end - Integer.parseInt(last.replace(".0", "")));
      }
    }
  }

  @Test
  void aReaderWhoComesFromAJournalThatIsNoMoreIsToldToLookAgain() throws Exception {
    try (Desk desk = new Desk()) {
      desk.project("debian");
      try (Stream lost = new Stream(desk.open("/api/v1/events", "Last-Event-ID", "99999999.0"))) {
        assertThat(lost.next().name()).isEqualTo("resync");
        desk.put("/api/v1/projects/glib", "project: glib debian");
        assertThat(lost.next().data().path("project").asText()).isEqualTo("glib");
      }
    }
  }

  @Test
  void aReaderWhoCannotKeepUpIsToldToLookAgain() throws Exception {
    var o = HttpSettings.Limits.ORDINARY;
    var tight = new HttpSettings.Limits(o.body(), 64, o.idle(), o.answer(), 5, o.keepAlive());
    try (Desk desk =
        new Desk(new HttpSettings("127.0.0.1", 0, tight, List.of(), false, Set.of()))) {
      desk.project("debian");
      try (Stream slow = new Stream(desk.open("/api/v1/events"))) {
        assertThat(slow.next().name()).isEqualTo("hello");
        // One batch of more than the queue holds: whoever reads however fast is behind.
        String many = "x0 x1 x2 x3 x4 x5 x6 x7";
        desk.put("/api/v1/projects/glib", "project: glib " + many);
        desk.post("/api/v1/buildsets", "{\"project\":\"glib\"}");
        boolean resync = false;
        for (int i = 0; i < 200 && !resync; i++) {
          Heard heard = slow.next();
          resync = heard.name().equals("resync");
          if (!resync && i % 20 == 19) {
            desk.post("/api/v1/buildsets", "{\"project\":\"glib\"}");
          }
        }
        assertThat(resync).isTrue();
      }
    }
  }

  @Test
  void aSilentStreamSaysThatItIsThere() throws Exception {
    var o = HttpSettings.Limits.ORDINARY;
    var lively =
        new HttpSettings.Limits(
            o.body(), 64, Duration.ofMillis(100), o.answer(), 100, Duration.ofMillis(50));
    try (Desk desk =
            new Desk(new HttpSettings("127.0.0.1", 0, lively, List.of(), false, Set.of()));
        Stream stream = new Stream(desk.open("/api/v1/events"))) {
      stream.next();
      for (int i = 0; i < 5; i++) {
        assertThat(stream.lines.readLine()).isNotNull();
      }
      desk.project("debian");
      assertThat(stream.next().data().path("kind").asText()).isEqualTo("project_defined");
    }
  }

  @Test
  void aReaderWhoLeavesIsForgotten() throws Exception {
    try (Desk desk = new Desk()) {
      Stream stream = new Stream(desk.open("/api/v1/events"));
      stream.next();
      assertThat(desk.get("/metrics").text()).contains("ahjo_event_streams 1\n");
      stream.close();
      LogsTest.await(() -> desk.get("/metrics").text().contains("ahjo_event_streams 0\n"));
    }
  }

  @Test
  void aPlaceThatIsNoneIsRefused() {
    try (Desk desk = new Desk()) {
      for (String place : List.of("yesterday", "5.-7", "-5.7", "5", ".", "5.99999999999")) {
        var answer = desk.get("/api/v1/events", "Last-Event-ID", place);
        assertThat(answer.status()).as(place).isEqualTo(400);
        assertThat(answer.json().at("/errors/0/field").asText()).isEqualTo("Last-Event-ID");
      }
    }
  }
}
