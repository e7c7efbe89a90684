package dev.ahjo.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The great disasters of one node and its workers, each told by itself on real processes and disks;
 * some minutes, so only with {@code -Dahjo.chaos=disasters}. The chaos run mixes the same.
 */
@Tag("processes")
@Timeout(300)
@EnabledIfSystemProperty(named = "ahjo.chaos", matches = "disasters")
class DisasterTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private ProcessFarm farm;
  private Machine node;
  private int keys;

  @BeforeEach
  void start() throws IOException {
    List<String> missing = Machines.missing();
    if (!missing.isEmpty()) {
      System.out.println("NOT TESTED: disasters, since this system lacks " + missing);
    }
    Assumptions.assumeTrue(missing.isEmpty(), "disasters need " + missing);
    farm =
        new ProcessFarm(
            Machines.open("ajdi", 7, folder.resolve("machines")),
            folder.resolve("record"),
            List.of());
    node = farm.addNode("n1", "1G");
    farm.addWorker("w1", "200M");
    farm.addWorker("w2", "200M");
    farm.start(node);
    for (Machine worker : farm.workers()) {
      farm.start(worker);
    }
    ProcessFarm.await("the node is ready", () -> farm.ready(node));
    ProcessFarm.await(
        "the workers are here",
        () -> {
          String said = farm.ask(node, "/api/v1/workers?state=available");
          return said.contains(" 200 ") && body(said).path("items").size() == 2;
        });
  }

  @AfterEach
  void stop() throws IOException {
    if (farm != null) {
      farm.close();
    }
  }

  private void project(String builders) throws IOException {
    String text =
        """
        project: chaos
        defaults:
          grace: 12s
          retry: {limit: 3, backoff: 500ms..1s}
        builders:
        """
            + builders.replace("STEP", "sh " + farm.record() + "/step.sh " + farm.record());
    String said = farm.send(node, "PUT", "/api/v1/projects/chaos", "application/yaml", text);
    assertThat(said).contains(" 20");
  }

  private String submit(String builder) {
    return accepted("[\"" + builder + "\"]").getFirst();
  }

  /** All builders at once: one after the other, the first might be done before the last comes. */
  private List<String> submitAll() {
    return accepted("[]");
  }

  private List<String> accepted(String builders) {
    String key = "key-" + ++keys;
    String[] said = new String[1];
    // A machine that does much else may take longer than a client waits: it asks again.
    ProcessFarm.await(
        "a submission is accepted",
        () -> {
          said[0] = post(builders, key);
          return said[0].contains(" 202 ");
        });
    List<String> requests = new ArrayList<>();
    body(said[0]).path("requests").forEach(r -> requests.add(r.path("id").asText()));
    return requests;
  }

  private String post(String builders, String key) {
    try {
      return farm.send(
          node,
          "POST",
          "/api/v1/buildsets",
          "application/json\\r\\nIdempotency-Key: " + key,
          "{\"project\": \"chaos\", \"builders\": %s}".formatted(builders));
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private static JsonNode body(String said) {
    try {
      return JSON.readTree(said.substring(said.indexOf('{')));
    } catch (IOException wrong) {
      throw new AssertionError(said, wrong);
    }
  }

  private JsonNode request(String id) {
    String said = farm.ask(node, "/api/v1/requests/" + id);
    return said.contains(" 200 ") ? body(said) : JSON.createObjectNode();
  }

  private JsonNode end(String id, String state) {
    JsonNode[] seen = new JsonNode[1];
    ProcessFarm.await(
        "the end of " + id,
        () -> {
          seen[0] = request(id);
          return seen[0].path("state").asText().equals(state);
        });
    return seen[0];
  }

  private static List<String> attempts(JsonNode request) {
    return StreamSupport.stream(request.path("attempts").spliterator(), false)
        .map(a -> a.path("worker").asText() + " " + a.path("result").asText())
        .toList();
  }

  /** In the order in which they happened; the record has a file for each worker. */
  private List<Event> events(String what) {
    try {
      return farm.history().stream()
          .filter(e -> e.f().equals(what))
          .sorted(Comparator.comparingLong(Event::t))
          .toList();
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }

  private static void saw(String what, Object... of) {
    System.out.printf("SAW " + what + "%n", of);
  }

  @Test
  void aNodesPowerIsCutWithTwoHundredQueued() throws IOException {
    StringBuilder builders = new StringBuilder();
    for (int i = 0; i < 224; i++) {
      builders.append(
          i < 24
              ? "  long%d: {steps: [{run: 'STEP 60 0.1 0'}]}\n".formatted(i)
              : "  short%d: {steps: [{run: 'STEP 3 0.05 0'}]}\n".formatted(i));
    }
    project(builders.toString());
    assertThat(submitAll()).hasSize(224);
    ProcessFarm.await("builds run", () -> events("start").size() >= 8);
    int ended = events("end").size();
    assertThat(node.cutPower()).as("what was not forced is lost").isTrue();
    farm.start(node);
    ProcessFarm.await("the node is ready", () -> farm.ready(node));
    List<JsonNode> ends = new ArrayList<>();
    ProcessFarm.await(
        "all have finished",
        () -> {
          ends.clear();
          String list = farm.ask(node, "/api/v1/requests?state=finished&limit=1000");
          if (list.contains(" 200 ")) {
            body(list).path("items").forEach(ends::add);
          }
          return ends.size() == 224;
        });
    for (JsonNode end : ends) {
      assertThat(end.path("result").asText()).isEqualTo("success");
      assertThat(attempts(end)).hasSize(1);
    }
    assertThat(events("start")).extracting(Event::id).doesNotHaveDuplicates().hasSize(224);
    saw("224 requests, power cut of the node after %d ends: all success in 1 attempt", ended);
  }

  @Test
  void aWorkersPowerIsCut() throws IOException {
    StringBuilder builders = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      builders.append("  long%d: {steps: [{run: 'STEP 300 0.1 0'}]}\n".formatted(i));
    }
    project(builders.toString());
    List<String> requests = submitAll();
    ProcessFarm.await("builds run", () -> events("start").size() == 8);
    assertThat(farm.machines().machine("w1").cutPower()).isTrue();
    farm.start(farm.machines().machine("w1"));
    for (String request : requests) {
      JsonNode end = end(request, "finished");
      saw("%s %s", end.path("result").asText(), attempts(end));
      assertThat(end.path("result").asText()).isEqualTo("success");
    }
    assertThat(events("start")).extracting(Event::id).doesNotHaveDuplicates();
  }

  @Test
  void aNodesDiskIsFull() throws IOException {
    project(
        "  long: {steps: [{run: 'STEP 100 0.1 0'}]}\n  short: {steps: [{run: 'STEP 3 0.05 0'}]}\n");
    String running = submit("long");
    ProcessFarm.await("it runs", () -> events("beat").size() > 5);
    node.fill();
    ProcessFarm.await("the node says so", () -> !farm.ready(node));
    saw("%s", farm.ask(node, "/health/ready").replace("\r\n", " | "));
    String refused = post("[\"short\"]", "refused");
    saw("a submission meanwhile: %s", refused.replace("\r\n", " | "));
    assertThat(refused).doesNotContain(" 202 ");
    assertThat(farm.ask(node, "/api/v1/requests/" + running)).as("reads go on").contains(" 200 ");
    ProcessFarm.await("the build goes on", () -> events("end").size() == 1);
    node.unfill();
    ProcessFarm.await("the node is ready again", () -> farm.ready(node));
    JsonNode end = end(running, "finished");
    assertThat(end.path("result").asText()).isEqualTo("success");
    assertThat(attempts(end)).hasSize(1);
    String log = farm.ask(node, "/api/v1/builds/chaos/long/1/steps/0/logs/stdio");
    assertThat(log.substring(log.indexOf("\r\n\r\n") + 4).strip())
        .isEqualTo(Files.readString(farm.record().resolve("proof-long-1")).strip());
    assertThat(end(submit("short"), "finished").path("result").asText()).isEqualTo("success");
  }

  @Test
  void aWorkersDiskIsFull() throws IOException {
    project(
        "  one: {steps: [{run: 'STEP 60 0.1 0'}]}\n"
            + "  silent: {steps: [{run: 'sleep 6'}]}\n"
            + "  short: {steps: [{run: 'STEP 3 0.05 0'}]}\n");
    Machine full = farm.machines().machine("w1");
    List<String> printing = List.of(submit("one"), submit("one"));
    List<String> silent = List.of(submit("silent"), submit("silent"));
    ProcessFarm.await("they run", () -> events("start").size() == 2);
    full.fill();
    for (int i = 0; i < 6; i++) {
      JsonNode end = end(submit("short"), "finished");
      saw("meanwhile: %s %s", end.path("result").asText(), attempts(end));
    }
    full.unfill();
    for (String request : silent) {
      JsonNode end = end(request, "finished");
      saw("silent: %s %s", end.path("result").asText(), attempts(end));
      assertThat(end.path("result").asText()).isEqualTo("success");
    }
    for (String request : printing) {
      JsonNode end = end(request, "finished");
      saw("printing: %s %s", end.path("result").asText(), attempts(end));
      assertThat(end.path("result").asText())
          .as("a full disk is not the build's doing")
          .isEqualTo("success");
    }
    for (int i = 0; i < 4; i++) {
      assertThat(end(submit("short"), "finished").path("result").asText()).isEqualTo("success");
    }
  }

  @Test
  void aWorkerStaysAwayAndThenTheOtherDoes() throws IOException {
    project("  long: {steps: [{run: 'STEP 250 0.1 0'}]}\n");
    String request = submit("long");
    ProcessFarm.await("it runs", () -> !events("start").isEmpty());
    String first = events("start").getFirst().p();
    Machine away = farm.machines().machine(first);
    away.pause();
    ProcessFarm.await("it runs elsewhere", () -> events("start").size() == 2);
    assertThat(events("start").getLast().p()).isNotEqualTo(first);
    saw("%s is away, then %s", first, attempts(request(request)));
    away.resume();
    ProcessFarm.await(
        "the late one is stopped",
        () -> {
          try {
            return away.processes().size() == 1;
          } catch (IOException unknown) {
            return false;
          }
        });
    saw("the late worker's steps are stopped: one process is left on it");
    Machine second = farm.machines().machine(events("start").getLast().p());
    second.pause();
    JsonNode shelved = end(request, "shelved");
    second.resume();
    saw("shelved: %s %s", attempts(shelved), shelved.path("detail"));
    assertThat(attempts(shelved)).as("one step has lost two different workers").hasSize(2);
    String again =
        farm.send(node, "POST", "/api/v1/requests/" + request + "/retry", "application/json", "{}");
    assertThat(again).contains(" 202 ");
    JsonNode end = end(request, "finished");
    saw("after retry: %s", attempts(end));
    assertThat(end.path("result").asText()).isEqualTo("success");
  }

  @Test
  void theClocksOfAllAreSetByHoursWhileBuildsRun() throws IOException {
    assumeClocks();
    project(
        """
          long: {steps: [{run: 'STEP 200 0.1 0'}]}
          flaky:
            retry: {limit: 3, backoff: 500ms..1s, rules: [{name: busy, exit_codes: [75]}]}
            steps: [{run: 'STEP 2 0.05 75'}]
        """);
    List<String> running = List.of(submit("long"), submit("long"));
    ProcessFarm.await("they run", () -> events("start").size() == 2);
    for (String by : List.of("-2h", "+2h", "+0")) {
      node.setClock(by);
      for (Machine worker : farm.workers()) {
        worker.setClock(by);
      }
      if (!by.equals("+0")) {
        ProcessFarm.await("the node shows another time", () -> wrongClock(node));
      }
      JsonNode shelved = end(submit("flaky"), "shelved");
      saw("clocks at %s: %s", by, attempts(shelved));
      assertThat(attempts(shelved)).as("backoff goes by no clock on a wall").hasSize(3);
    }
    for (String request : running) {
      JsonNode end = end(request, "finished");
      assertThat(end.path("result").asText()).isEqualTo("success");
      assertThat(attempts(end)).as("no lease was given up").hasSize(1);
    }
  }

  private static void assumeClocks() {
    boolean fake = Machine.fakeClock().isPresent();
    if (!fake) {
      System.out.println("NOT TESTED: clocks that are set, since this system lacks libfaketime");
    }
    Assumptions.assumeTrue(fake, "clocks need libfaketime");
  }

  private boolean wrongClock(Machine machine) {
    try {
      return farm.wrongClock(machine);
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }

  @Test
  void aTransientFailureIsTriedToItsLimit() throws IOException {
    project(
        """
          flaky:
            retry: {limit: 3, backoff: 500ms..1s, rules: [{name: busy, exit_codes: [75]}]}
            steps: [{run: 'STEP 2 0.05 75'}]
        """);
    JsonNode shelved = end(submit("flaky"), "shelved");
    saw("%s %s", attempts(shelved), shelved.path("detail"));
    assertThat(attempts(shelved)).hasSize(3).allMatch(a -> a.endsWith("retry"));
    assertThat(shelved.at("/attempts/0/rule").asText()).isEqualTo("busy");
  }
}
