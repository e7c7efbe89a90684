package dev.ahjo.cli.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Judges a whole history. Each rule looks at the record alone, so it can be tested with histories
 * that were doctored; what the record does not show to be right is a violation, and so is a record
 * that shows too little.
 */
final class Judge {
  private static final Set<String> ENDED = Set.of("finished", "cancelled");

  /** Faults that take a worker's running steps, or its means to begin one, with them. */
  private static final Set<String> LOSING = Set.of("powercut", "away", "full-disk");

  /** A step's clock has hundredths of a second; who reads it may be kept waiting. */
  private static final long BLUR = 50_000_000L;

  /**
   * What a run must have shown before its history says anything.
   *
   * @param requests acknowledged, at least
   * @param builds run to their end
   * @param faults that bit
   * @param kinds of fault of which each must have bitten
   */
  record Enough(int requests, int builds, int faults, Set<String> kinds) {
    Enough {
      kinds = Set.copyOf(kinds);
    }

    /** Of a run of so many seconds; of ten minutes, each kind of fault. */
    static Enough in(int seconds, Set<Storm.Kind> kinds) {
      Set<String> faults = kinds.stream().map(kind -> kind.fault).collect(Collectors.toSet());
      return new Enough(
          seconds * 5 / 2, seconds * 2, seconds / 24, seconds < 600 ? Set.of() : faults);
    }
  }

  /** A rule and how it was broken. */
  record Violation(String rule, String how) {
    @Override
    public String toString() {
      return rule + ": " + how;
    }
  }

  /** What was counted, and what is wrong; right only if that is nothing. */
  record Verdict(Map<String, Long> counted, List<Violation> violations) {
    boolean right() {
      return violations.isEmpty();
    }

    @Override
    public String toString() {
      return counted
          + (right() ? " RIGHT" : " WRONG")
          + violations.stream().map(v -> "\n  " + v).collect(Collectors.joining());
    }
  }

  /** A build as its worker's record has it. */
  private static final class Run {
    final List<Event> starts = new ArrayList<>();
    long lastSign;
    @Nullable Event end;
  }

  private final int limit;
  private final Enough enough;
  private final List<Violation> violations = new ArrayList<>();
  private final Map<String, Run> runs = new TreeMap<>();
  private final Map<String, List<Event>> reads = new LinkedHashMap<>();
  private final Map<String, Set<String>> logs = new HashMap<>();
  private final Set<String> acknowledged = new TreeSet<>();
  private final Set<String> cancels = new HashSet<>();
  private final Map<String, List<Event>> faults = new TreeMap<>();
  private final List<Event> exits = new ArrayList<>();
  private int bitten;

  private Judge(int limit, Enough enough) {
    this.limit = limit;
    this.enough = enough;
  }

  /**
   * Judges.
   *
   * @param history in any order
   * @param limit the most attempts of a request
   */
  static Verdict judge(List<Event> history, int limit, Enough enough) {
    var judge = new Judge(limit, enough);
    history.stream().sorted(Comparator.comparingLong(Event::t)).forEach(judge::hear);
    return judge.verdict();
  }

  private void hear(Event event) {
    switch (event.k() + " " + event.f()) {
      case "ok submit" -> acknowledged.add(event.id());
      case "invoke cancel" -> cancels.add(event.id());
      case "ok read" -> reads.computeIfAbsent(event.id(), _ -> new ArrayList<>()).add(event);
      case "ok log" -> logs.computeIfAbsent(event.id(), _ -> new TreeSet<>()).add(event.sha256());
      case "event start" -> {
        run(event).starts.add(event);
        run(event).lastSign = event.t();
      }
      case "event exit" -> exits.add(event);
      case "event beat" -> run(event).lastSign = event.t();
      case "event end" -> {
        run(event).lastSign = event.t();
        run(event).end = event;
      }
      default -> {
        if (event.k().equals("fault")) {
          faults.computeIfAbsent(event.id(), _ -> new ArrayList<>()).add(event);
          bitten += event.bit() ? 1 : 0;
        }
      }
    }
  }

  private Run run(Event event) {
    return runs.computeIfAbsent(event.id(), _ -> new Run());
  }

  private Verdict verdict() {
    runs.forEach(this::startedOnce);
    exits.forEach(this::endsToComeAgain);
    Map<String, String> builds = new HashMap<>();
    for (String request : acknowledged) {
      List<Event> seen = reads.getOrDefault(request, List.of());
      if (seen.isEmpty() || !over(seen.getLast())) {
        wrong(
            "what is acknowledged ends",
            request + (seen.isEmpty() ? " was never read" : " is " + seen.getLast().state()));
        continue;
      }
      neverBackwards(request, seen);
      Event last = seen.getLast();
      attempts(request, last.builds(), seen);
      ending(request, last);
      for (String attempt : last.builds()) {
        String other = builds.put(build(attempt), request);
        if (other != null) {
          wrong("a build is of one request", build(attempt) + " of " + other + " and " + request);
        }
      }
    }
    runs.keySet().stream()
        .filter(build -> !builds.containsKey(build))
        .forEach(build -> wrong("nothing runs that nobody asked for", build));
    return new Verdict(counted(), List.copyOf(tooLittle()));
  }

  /** With a code at which it is started again, and that tells why: it was lost, or has no store. */
  private void endsToComeAgain(Event exit) {
    if (exit.id().startsWith("n") && !Set.of("75", "4").contains(exit.result())) {
      wrong("a node ends only when it is lost", exit.id() + " ended with " + exit.result());
    }
  }

  private static boolean over(Event read) {
    return ENDED.contains(read.state()) || read.state().equals("shelved");
  }

  private void startedOnce(String build, Run run) {
    if (run.starts.size() != 1) {
      wrong("a build runs once", build + " was started " + run.starts.size() + " times");
    }
  }

  /** An end stays as it is, and what has happened stays, for all who look at the same node. */
  private void neverBackwards(String request, List<Event> seen) {
    Map<String, Event> before = new HashMap<>();
    Event ended = null;
    for (Event now : seen) {
      Event then = before.put(now.p() + " at " + now.at(), now);
      if (then != null && (then.builds().size() > now.builds().size() || back(then, now))) {
        wrong("reads never go backwards", request + " was " + told(then) + ", then " + told(now));
      }
      if (ENDED.contains(now.state())) {
        if (ended != null && !told(ended).equals(told(now))) {
          wrong("a request ends once", request + " ended " + told(ended) + " and " + told(now));
        }
        ended = now;
      }
    }
  }

  private static boolean back(Event then, Event now) {
    return ENDED.contains(then.state()) && !ENDED.contains(now.state())
        || then.builds().size() == now.builds().size()
            && then.state().equals("backoff")
            && now.state().equals("running");
  }

  private static String told(Event read) {
    return (read.state() + " " + read.result()).strip() + " " + read.builds();
  }

  private void attempts(String request, List<String> attempts, List<Event> seen) {
    // What a worker refused to begin spends nothing.
    if (attempts.stream().filter(a -> runs.containsKey(build(a))).count() > limit) {
      wrong("no more attempts than the limit", request + " had " + attempts);
    }
    for (int i = 0; i + 1 < attempts.size(); i++) {
      Run lost = runs.get(build(attempts.get(i)));
      String worker = worker(attempts.get(i));
      if (!result(attempts.get(i)).equals("retry")) {
        wrong("no stale attempt is believed", request + " went on after " + attempts.get(i));
      }
      if (lost == null) {
        continue; // given up before it began
      }
      Run next = runs.get(build(attempts.get(i + 1)));
      long lostBy = next == null ? Long.MAX_VALUE : next.starts.getFirst().t();
      long began = Math.min(began(lost), leased(build(attempts.get(i)), seen));
      if (!excused(worker, began, lostBy)) {
        wrong(
            "a lease is lost only for cause",
            attempts.get(i) + " of " + request + " was given up, and nothing befell " + worker);
      } else if (next != null && lost.lastSign > lostBy + BLUR && !away(worker, began, lostBy)) {
        wrong(
            "one live run of a request",
            attempts.get(i) + " still ran when " + attempts.get(i + 1) + " had begun");
      }
    }
  }

  private static long began(Run run) {
    return run.starts.isEmpty() ? run.lastSign : run.starts.getFirst().t();
  }

  /** A plan may have waited for its worker to come back, and begin after the lease was given up. */
  private static long leased(String build, List<Event> seen) {
    return seen.stream()
        .filter(read -> read.builds().stream().anyMatch(attempt -> build(attempt).equals(build)))
        .mapToLong(Event::t)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  private boolean excused(String worker, long from, long to) {
    return faults.getOrDefault(worker, List.of()).stream()
        .anyMatch(f -> LOSING.contains(f.f()) && f.t() <= to && f.until() >= from);
  }

  private boolean befell(String fault, Event then) {
    return faults.getOrDefault(then.p(), List.of()).stream()
        .anyMatch(f -> f.f().equals(fault) && f.t() <= then.t() && then.t() <= f.until() + BLUR);
  }

  /** It was given up on purpose, and may not know that yet. */
  private boolean away(String worker, long from, long to) {
    return faults.getOrDefault(worker, List.of()).stream()
        .anyMatch(f -> f.f().equals("away") && f.t() <= to && f.until() >= from);
  }

  private void ending(String request, Event last) {
    if (last.state().equals("shelved")) {
      // A step that takes different workers down with it is shelved early, to spare the farm.
      long different = last.builds().stream().map(Judge::worker).distinct().count();
      if (last.builds().size() < limit && different < 2) {
        wrong("shelved only when its attempts are spent", request + " after " + last.builds());
      }
      return;
    }
    if (last.result().equals("cancelled")) {
      if (!cancels.contains(request)) {
        wrong("cancelled only when asked to", request + " " + told(last));
      }
      return;
    }
    if (last.builds().isEmpty()) {
      wrong("who has a result has run", request + " " + told(last));
      return;
    }
    String build = build(last.builds().getLast());
    Run run = runs.get(build);
    if (run == null || run.end == null) {
      wrong("who has a result has run", build + " of " + request + " " + told(last));
      return;
    }
    String expected = run.end.result().equals("0") ? "success" : "failure";
    if (!last.result().equals(expected)) {
      wrong("a result is what the step's was", build + " " + run.end.result() + " " + told(last));
    }
    if (run.end.sha256().isEmpty() && befell("full-disk", run.end)) {
      return; // the step could not print, and does not know how much of its last line was kept
    }
    Set<String> read = logs.getOrDefault(build, Set.of());
    if (!read.equals(Set.of(run.end.sha256()))) {
      wrong("a log is what the step wrote", build + " wrote " + run.end.sha256() + ", log " + read);
    }
  }

  private List<Violation> tooLittle() {
    long ended = runs.values().stream().filter(run -> run.end != null).count();
    atLeast("requests", acknowledged.size(), enough.requests());
    atLeast("builds", ended, enough.builds());
    atLeast("faults that bit", bitten, enough.faults());
    for (String kind : enough.kinds()) {
      if (faults.values().stream()
          .flatMap(List::stream)
          .noneMatch(f -> f.f().equals(kind) && f.bit())) {
        wrong("too little was done", "no fault of kind " + kind + " bit");
      }
    }
    return violations;
  }

  private void atLeast(String what, long found, long wanted) {
    if (found < wanted) {
      wrong("too little was done", found + " " + what + ", expected " + wanted);
    }
  }

  private Map<String, Long> counted() {
    Map<String, Long> counted = new LinkedHashMap<>();
    counted.put("requests", (long) acknowledged.size());
    counted.put("reads", reads.values().stream().mapToLong(List::size).sum());
    counted.put("builds", (long) runs.size());
    counted.put("logs", (long) logs.size());
    counted.put("cancels", (long) cancels.size());
    counted.put("faults", faults.values().stream().mapToLong(List::size).sum());
    counted.put("bit", (long) bitten);
    counted.put("exits", (long) exits.size());
    counted.put("retried", ended(e -> e.builds().size() > 1));
    counted.put("shelved", ended(e -> e.state().equals("shelved")));
    return counted;
  }

  private long ended(java.util.function.Predicate<Event> which) {
    return reads.values().stream().map(List::getLast).filter(which).count();
  }

  private void wrong(String rule, String how) {
    violations.add(new Violation(rule, how));
  }

  private static String build(String attempt) {
    return attempt.split(" ", -1)[0];
  }

  private static String worker(String attempt) {
    return attempt.split(" ", -1)[1];
  }

  private static String result(String attempt) {
    return attempt.split(" ", -1)[2];
  }
}
