package dev.ahjo.core.worker;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.Piece;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.step.StepReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a worker's agent and the gate say to each other. At-least-once, numbered, idempotent: either
 * side repeats what was not acknowledged, and obeys a repetition by acknowledging it again.
 */
public final class Protocol {
  /** Raised when a message changes so that an older peer would misread it. */
  public static final int VERSION = 1;

  /** Silence after which each side takes the connection for lost. */
  public static final Duration SILENCE = Duration.ofSeconds(10);

  /** How often a side that has nothing else to say sends a ping. */
  public static final Duration HEARTBEAT = Duration.ofSeconds(3);

  private Protocol() {}

  /** From a worker's agent to the gate. */
  public sealed interface ToGate {}

  /** From the gate to a worker's agent. */
  public sealed interface ToAgent {}

  /**
   * The first message of a session.
   *
   * @param instance made once for the agent's data folder; tells a reconnect from a second worker
   * @param token proves the name
   * @param slots builds at once, at least 1
   * @param holds every build whose plan the agent keeps, with the number of its last report
   * @param system facts of the machine for people: os, arch, cpus, agent version
   */
  public record Hello(
      int version,
      WorkerName worker,
      String instance,
      String token,
      int slots,
      Set<String> labels,
      PoolName pool,
      List<Held> holds,
      Map<String, String> system)
      implements ToGate {
    public Hello {
      labels = Set.copyOf(labels);
      holds = List.copyOf(holds);
      system = Map.copyOf(system);
    }
  }

  /** A build that an agent keeps; {@code lastReport} is 0 before its first. */
  public record Held(BuildKey build, Attempt attempt, long lastReport) {}

  /**
   * The session is open.
   *
   * @param resume held builds that go on; unacknowledged reports and chunks are to be sent again
   * @param stop held builds that were given up: kill what runs, forget them
   */
  public record Welcome(SessionId session, List<BuildKey> resume, List<BuildKey> stop)
      implements ToAgent {
    public Welcome {
      resume = List.copyOf(resume);
      stop = List.copyOf(stop);
    }
  }

  /**
   * No session, or no longer one; {@code retry} says whether the same Hello may succeed later, or
   * at another gate at once.
   */
  public record Rejected(String reason, boolean retry) implements ToAgent {}

  /** A build to run. An agent that already keeps it answers with the reports it has. */
  public record RunBuild(BuildKey build, Attempt attempt, Plan plan) implements ToAgent {}

  /**
   * The agent has no room for that build, or can't keep its plan; it holds nothing of it. The
   * attempt is over and accuses the worker.
   */
  public record CannotTake(BuildKey build, Attempt attempt, String reason) implements ToGate {}

  /**
   * A build to stop. {@code forget} says that the master no longer believes in it: no report
   * wanted. Otherwise the agent stops the running step, runs the steps marked always, and reports
   * the end.
   */
  public record StopBuild(BuildKey build, String reason, boolean forget) implements ToAgent {}

  /**
   * What happened in a build, in order, numbers from 1 without gaps.
   *
   * @param first the number of the first report of the list
   */
  public record Reports(BuildKey build, Attempt attempt, long first, List<StepReport> reports)
      implements ToGate {
    public Reports {
      reports = List.copyOf(reports);
    }
  }

  /** Reports up to {@code last} are journaled; when one of them was the build's end, it is over. */
  public record ReportsTaken(BuildKey build, long last) implements ToAgent {}

  /** The master refuses the build's reports: stop it and forget it. */
  public record ReportsRefused(BuildKey build, String reason) implements ToAgent {}

  /** A piece of a log or an artifact. */
  public record Append(Chunk chunk) implements ToGate {}

  /** The same from an agent without Zstandard; answered like an {@link Append}. */
  public record AppendPiece(Piece piece) implements ToGate {}

  /**
   * How much of a stream the store has.
   *
   * @param offset the store wants the stream from here on; everything before may be sent no more
   * @param safe whether it is forced to disk: only then may the agent remove its own copy
   * @param closed whether the last chunk has been stored and forced
   */
  public record Stored(StreamKey stream, long offset, boolean safe, boolean closed)
      implements ToAgent {}

  /** The store can't take chunks now (disk full): wait, then send from {@code offset} again. */
  public record StoreBusy(StreamKey stream, long offset, String reason) implements ToAgent {}

  /**
   * Asks for artifacts of a build whose path fits {@code glob}.
   *
   * @param after the last of the answer before, to go on behind it
   */
  public record ListArtifacts(long ask, BuildKey build, String glob, Optional<StreamKey> after)
      implements ToGate {}

  /** As many as one answer can name, by step and name. */
  public record Artifacts(long ask, List<StreamKey> streams) implements ToAgent {
    public Artifacts {
      streams = List.copyOf(streams);
    }
  }

  /**
   * Asks for one chunk of an artifact.
   *
   * @param encoding wanted by an agent without Zstandard; then the answer is a {@link FetchedPiece}
   */
  public record Fetch(long ask, StreamKey stream, long offset, Optional<Piece.Encoding> encoding)
      implements ToGate {}

  public record Fetched(long ask, Chunk chunk) implements ToAgent {}

  public record FetchedPiece(long ask, Piece piece) implements ToAgent {}

  /** Says that the other side is there; answered by any message or by a ping of its own. */
  public record Ping() implements ToGate, ToAgent {}

  /** The agent ends on purpose; its steps go on under their supervisors. */
  public record Goodbye() implements ToGate {}
}
