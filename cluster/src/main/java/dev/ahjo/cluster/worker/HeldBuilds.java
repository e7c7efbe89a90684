package dev.ahjo.cluster.worker;

import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.wire.ProtocolCodec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The builds that one session has to do with: of which its agent may speak, and how far their
 * reports have come. A build is told its reports in order, one list at a time; those that come
 * meanwhile wait. Confined to the session's actor.
 */
final class HeldBuilds {
  private static final Logger LOG = LoggerFactory.getLogger(HeldBuilds.class);

  /** Builds of one session that are remembered; those longest unheard of are forgotten first. */
  private static final int MAX_BUILDS = 10_000;

  /** Reports of one build that wait for those before them; later ones are dropped. */
  private static final int MAX_WAITING_REPORTS = 2_000;

  /** And their bytes, since they become one row of the journal. */
  private static final long MAX_WAITING_BYTES = ProtocolCodec.MAX_BYTES;

  /**
   * Refusals in a row that may come from lost messages before a build is given up. A gap is told to
   * the build only by those reports with which an agent begins to repeat itself, so each of these
   * costs a repetition.
   */
  private static final int MAX_CONFLICTS = 9;

  /** Who carries what is to be said. */
  interface Courier {
    /** Tells the build's entity; its answer comes to {@link #answered}. */
    void tell(BuildKey build, Attempt attempt, long first, List<StepReport> reports, long bytes);

    /**
     * Tells the build's entity that its reports will never be taken; whether it has heard comes to
     * {@link #givenUp}.
     */
    void giveUp(BuildKey build, Attempt attempt, String why);

    /** Tells the agent. */
    void say(ToAgent message);

    /** So many bytes of the agent are dealt with. */
    void done(long bytes);
  }

  /** What the session knows of one build. */
  private static final class Held {
    boolean leased;
    boolean inFlight;
    int conflicts;

    /** The number above which no list may begin; 0 while any may come. */
    long next;

    /** The last that was acknowledged here: the agent will not say it again. */
    long journaled;

    @Nullable Attempt attempt;
    long waitingFrom;
    long waitingBytes;
    List<StepReport> waiting = new ArrayList<>();
  }

  private final Courier courier;
  private final Map<BuildKey, Held> builds =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<BuildKey, Held> eldest) {
          boolean full = size() > MAX_BUILDS;
          if (full) {
            expect(eldest.getValue(), 0);
          }
          return full;
        }
      };

  HeldBuilds(Courier courier) {
    this.courier = courier;
  }

  /** The agent has been given the build, or goes on with it. */
  void lease(BuildKey build) {
    held(build).leased = true;
  }

  boolean leased(BuildKey build) {
    Held held = builds.get(build);
    return held != null && held.leased;
  }

  /** Whether any build of the project is leased. */
  boolean leasedOf(ProjectName project) {
    for (Map.Entry<BuildKey, Held> each : builds.entrySet()) {
      if (each.getValue().leased && each.getKey().builder().project().equals(project)) {
        return true;
      }
    }
    return false;
  }

  private Held held(BuildKey build) {
    return builds.computeIfAbsent(build, _ -> new Held());
  }

  /** False when they are dropped, to be sent again; else they hold their bytes until answered. */
  boolean taken(Protocol.Reports said, long bytes) {
    if (said.reports().isEmpty() || said.first() < 1) {
      return false;
    }
    Held held = held(said.build());
    if (held.attempt != null && !held.attempt.equals(said.attempt())) {
      held.journaled = 0;
      expect(held, 0);
    }
    held.attempt = said.attempt();
    if (held.next != 0 && said.first() > held.next) {
      return false; // those between were lost; all will be sent again
    }
    if (!held.inFlight) {
      tell(said.build(), held, said.first(), said.reports(), bytes);
      return true;
    }
    // What is in flight may be of another attempt, and then tells nothing about this one's numbers.
    long skip = held.next == 0 ? said.reports().size() : held.next - said.first();
    if (skip >= said.reports().size()
        || held.waiting.size() >= MAX_WAITING_REPORTS
        || held.waitingBytes > 0 && held.waitingBytes + bytes > MAX_WAITING_BYTES) {
      return false;
    }
    if (held.waiting.isEmpty()) {
      held.waitingFrom = held.next;
    }
    held.waiting.addAll(said.reports().subList((int) skip, said.reports().size()));
    held.waitingBytes += bytes;
    held.next = held.waitingFrom + held.waiting.size();
    return true;
  }

  private void tell(BuildKey build, Held held, long first, List<StepReport> reports, long bytes) {
    Attempt attempt = held.attempt;
    if (attempt == null) {
      courier.done(bytes);
      return;
    }
    held.inFlight = true;
    long last = first + reports.size() - 1;
    held.next = Math.max(held.next, last + 1);
    courier.tell(build, attempt, first, reports, bytes);
  }

  /** What the build says to its reports; nothing when it could not be told. */
  void answered(SessionActor.ReportsAnswered answered) {
    courier.done(answered.bytes());
    Held held = held(answered.build());
    held.inFlight = false;
    switch (answered.answer()) {
      case Answer.Done _ -> {
        held.leased = true; // the build vouches for the worker and the attempt
        held.conflicts = 0;
        held.journaled = Math.max(held.journaled, answered.last());
        courier.say(new Protocol.ReportsTaken(answered.build(), answered.last()));
        if (!held.waiting.isEmpty()) {
          List<StepReport> next = held.waiting;
          long bytes = held.waitingBytes;
          held.waiting = new ArrayList<>();
          held.waitingBytes = 0;
          tell(answered.build(), held, held.waitingFrom, next, bytes);
        }
      }
      case Answer.Refused(Refusal.Conflict why) when held.conflicts < MAX_CONFLICTS -> {
        // Most likely a report before it was lost on the way; the agent sends it again.
        LOG.info(
            "{} does not take reports {} to {}: {}",
            answered.build(),
            answered.first(),
            answered.last(),
            why);
        held.conflicts++;
        expectAgain(held, answered.first());
      }
      case Answer.Refused(Refusal why) -> refused(answered.build(), held, why);
      case null -> expectAgain(held, answered.first());
    }
  }

  /**
   * A build that is over or was never there has nothing to learn. Another must not wait for an
   * agent that is told to forget it: it is told first, and if it does not hear, the agent's next
   * repetition leads here again.
   */
  private void refused(BuildKey build, Held held, Refusal why) {
    Attempt attempt = held.attempt;
    if (attempt == null || why instanceof Refusal.Superseded || why instanceof Refusal.NotFound) {
      forget(build, held, why.text());
      return;
    }
    expect(held, 0);
    held.inFlight = true;
    courier.giveUp(build, attempt, why.text());
  }

  /** Whether the build has heard that its reports are refused. */
  void givenUp(BuildKey build, String why, boolean heard) {
    Held held = held(build);
    held.inFlight = false;
    if (heard) {
      forget(build, held, why);
    } else {
      expect(held, 0);
    }
  }

  private void forget(BuildKey build, Held held, String why) {
    builds.remove(build);
    expect(held, 0);
    courier.say(new Protocol.ReportsRefused(build, why));
  }

  /**
   * Those from {@code first} on may not have been taken, so what waits behind them is dropped. The
   * agent repeats all from the first that nobody has acknowledged; what it says beyond that until
   * then would only be another gap.
   */
  private void expectAgain(Held held, long first) {
    expect(held, held.attempt == null ? 0 : Math.max(first, held.journaled + 1));
  }

  private void expect(Held held, long next) {
    courier.done(held.waitingBytes);
    held.waiting = new ArrayList<>();
    held.waitingBytes = 0;
    held.next = next;
  }
}
