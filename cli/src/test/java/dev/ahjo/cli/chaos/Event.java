package dev.ahjo.cli.chaos;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/**
 * One line of a history: something that a client or a worker saw or did, or that was done to a
 * machine. Masters write none: what they believe is what is judged.
 *
 * @param t nanoseconds of this machine's monotonic clock, the same for all processes
 * @param p who writes: a client, or a worker by name
 * @param k what kind of line: {@code invoke}, {@code ok}, {@code fail}, {@code info} (it is not
 *     known what became of it), {@code event}, {@code fault}
 * @param f what was done: {@code submit}, {@code cancel}, {@code read}, {@code log}; of workers
 *     {@code start}, {@code beat}, {@code end}; of faults their kind
 * @param id of a request ({@code submit}, {@code cancel}, {@code read}), a build ({@code start},
 *     {@code beat}, {@code end}, {@code log}) or a machine
 * @param at the node that answered
 * @param state a request's state as it was read
 * @param result a request's result as it was read, or a step's exit code
 * @param builds a request's attempts as they were read, {@code BUILD WORKER RESULT} each
 * @param sha256 of a log as it was read, or of what the step wrote beside it
 * @param until when a fault ended
 * @param bit whether a fault was seen to do harm
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record Event(
    @JsonProperty("t") long t,
    @JsonProperty("p") String p,
    @JsonProperty("k") String k,
    @JsonProperty("f") String f,
    @JsonProperty("id") String id,
    @JsonProperty("at") String at,
    @JsonProperty("state") String state,
    @JsonProperty("result") String result,
    @JsonProperty("builds") List<String> builds,
    @JsonProperty("sha256") String sha256,
    @JsonProperty("until") long until,
    @JsonProperty("bit") boolean bit) {
  private static final ObjectMapper JSON = new ObjectMapper();

  @SuppressWarnings("NullAway") // what a line leaves out
  Event {
    at = at == null ? "" : at;
    state = state == null ? "" : state;
    result = result == null ? "" : result;
    builds = builds == null ? List.of() : List.copyOf(builds);
    sha256 = sha256 == null ? "" : sha256;
  }

  static Event of(long t, String p, String k, String f, String id) {
    return new Event(t, p, k, f, id, "", "", "", List.of(), "", 0, false);
  }

  Event at(String node) {
    return new Event(t, p, k, f, id, node, state, result, builds, sha256, until, bit);
  }

  Event read(String itsState, String itsResult, List<String> itsBuilds) {
    return new Event(t, p, k, f, id, at, itsState, itsResult, itsBuilds, sha256, until, bit);
  }

  Event result(String its) {
    return new Event(t, p, k, f, id, at, state, its, builds, sha256, until, bit);
  }

  Event sha256(String sum) {
    return new Event(t, p, k, f, id, at, state, result, builds, sum, until, bit);
  }

  Event until(long end, boolean hasBitten) {
    return new Event(t, p, k, f, id, at, state, result, builds, sha256, end, hasBitten);
  }

  String line() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException bug) {
      throw new IllegalStateException("An event is always JSON", bug);
    }
  }

  /**
   * @throws IllegalArgumentException for what is no line of a history
   */
  static Event parse(String line) {
    try {
      return JSON.readValue(line, Event.class);
    } catch (JsonProcessingException wrong) {
      throw new IllegalArgumentException("Expected a line of a history, but found " + line, wrong);
    }
  }
}
