package dev.ahjo.worker;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A build's reports on disk, one line of JSON each; the n-th line is report n. What is reported
 * while one batch is being forced to disk makes the next batch. Only what is on disk is sent.
 */
final class ReportLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReportLog.class);

  private final Path file;
  private final FileChannel channel;
  private final Runnable forced;
  private final Thread writer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<StepReport> reports = new ArrayList<>();
  private int durable;
  private boolean closed;
  private long length;

  private ReportLog(Path file, FileChannel channel, Runnable forced) {
    this.file = file;
    this.channel = channel;
    this.forced = forced;
    this.writer = Thread.ofVirtual().name("reports " + file).unstarted(this::write);
  }

  /**
   * Opens a log and reads what it has; a last line that a crash cut off is removed.
   *
   * @param forced called after each batch, on the log's own thread
   * @throws IOException when it can't be read, or holds what is no report
   */
  static ReportLog open(Path file, Runnable forced) throws IOException {
    byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      var log = new ReportLog(file, channel, forced);
      log.length = log.read(bytes);
      log.durable = log.reports.size();
      channel.truncate(log.length);
      // what an earlier agent wrote and did not force counts as on disk from now on
      channel.force(false);
      log.writer.start();
      return log;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Answers where the last whole line ends. */
  private int read(byte[] bytes) throws IOException {
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        String line = new String(bytes, start, i - start, StandardCharsets.UTF_8);
        try {
          reports.add(Json.text().readerFor(StepReport.class).readValue(line));
        } catch (JsonProcessingException e) {
          throw new IOException(
              "Could not read line "
                  + (reports.size() + 1)
                  + " of "
                  + file
                  + ": "
                  + e.getOriginalMessage(),
              e);
        }
        start = i + 1;
      }
    }
    return start;
  }

  /** Takes a report, unless closed; it will be on disk soon, and {@code forced} be called. */
  void append(StepReport report) {
    lock.lock();
    try {
      // a walk that is being interrupted may still say what is not so
      if (!closed) {
        reports.add(report);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** All reports, also those not on disk yet. */
  List<StepReport> all() {
    lock.lock();
    try {
      return List.copyOf(reports);
    } finally {
      lock.unlock();
    }
  }

  /** The number of the last report on disk. */
  long last() {
    lock.lock();
    try {
      return durable;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until so many reports are on disk; for ever if the log is closed before. */
  void awaitLast(long number) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (durable < number) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Reports on disk after number {@code after}, up to a weight that fits one message, or one. */
  List<StepReport> after(long after) {
    lock.lock();
    try {
      var batch = new ArrayList<StepReport>();
      int weight = 0;
      for (int i = (int) after; i < durable && weight < BATCH_WEIGHT; i++) {
        StepReport report = reports.get(i);
        weight += weight(report);
        if (batch.isEmpty() || weight < BATCH_WEIGHT) {
          batch.add(report);
        }
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private static final int BATCH_WEIGHT = 192 * 1024;

  /** The longest report, in bytes as JSON: one must fit a message, or it could never be told. */
  static final int LONGEST = 400 * 1024;

  private static final int LONGEST_PROBLEM = 4000;

  /** The report as it is told: a text without end is cut, and an end too long to tell says so. */
  static StepReport bounded(StepReport report) {
    if (!(report instanceof StepReport.StepEnded end)) {
      return report;
    }
    StepOutcome outcome = end.outcome();
    if (outcome.problem().filter(p -> p.length() > LONGEST_PROBLEM).isPresent()) {
      String cut = outcome.problem().get().substring(0, LONGEST_PROBLEM) + "…";
      outcome = with(outcome, outcome.result(), cut, outcome.streams(), outcome.tests());
    }
    var told = new StepReport.StepEnded(end.at(), end.step(), outcome);
    if (weight(told) > BATCH_WEIGHT && length(told) > LONGEST) {
      outcome =
          with(
              outcome,
              Result.EXCEPTION,
              "Expected the step's end to be told in "
                  + LONGEST
                  + " bytes, but found "
                  + length(told)
                  + " (it has "
                  + outcome.streams().size()
                  + " logs and artifacts)",
              outcome.streams().stream().filter(s -> !s.artifact()).limit(10).toList(),
              Optional.empty());
      told = new StepReport.StepEnded(end.at(), end.step(), outcome);
    }
    return told;
  }

  private static StepOutcome with(
      StepOutcome outcome,
      Result result,
      String problem,
      List<StepReport.Stream> streams,
      Optional<StepReport.Tests> tests) {
    return new StepOutcome(
        result,
        outcome.exitCode(),
        outcome.signal(),
        Optional.of(problem),
        outcome.retryRule(),
        outcome.agentFault(),
        streams,
        tests,
        outcome.warnings());
  }

  private static int length(StepReport report) {
    try {
      return Json.text().writerFor(StepReport.class).writeValueAsBytes(report).length;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A report can always be written", e);
    }
  }

  /** About how many bytes it has on the wire. */
  private static int weight(StepReport report) {
    return switch (report) {
      case StepReport.PropertySet p -> 200 + 3 * p.value().length();
      case StepReport.StepEnded e ->
          400
              + e.outcome().streams().stream().mapToInt(s -> 60 + 3 * s.name().length()).sum()
              + e.outcome().problem().map(p -> 3 * p.length()).orElse(0)
              + e.outcome().tests().stream()
                  .flatMap(t -> t.failures().stream())
                  .mapToInt(f -> 8 + 3 * f.length())
                  .sum();
      case StepReport.PlanKept _,
          StepReport.StepStarted _,
          StepReport.RevisionFound _,
          StepReport.BuildEnded _ ->
          200;
    };
  }

  private void write() {
    try (channel) {
      writeAll();
    } catch (IOException e) {
      LOG.warn("Could not close {}: {}", file, e.toString());
    }
  }

  private void writeAll() {
    while (true) {
      List<StepReport> batch;
      lock.lock();
      try {
        while (durable == reports.size() && !closed) {
          changed.awaitUninterruptibly();
        }
        if (durable == reports.size()) {
          return;
        }
        batch = List.copyOf(reports.subList(durable, reports.size()));
      } finally {
        lock.unlock();
      }
      if (!force(batch)) {
        return;
      }
      lock.lock();
      try {
        durable += batch.size();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      forced.run();
    }
  }

  /** A full disk stops nothing for good: it is tried again until there is room. */
  private boolean force(List<StepReport> batch) {
    boolean told = false;
    while (true) {
      try {
        var bytes = new ByteArrayOutputStream();
        for (StepReport report : batch) {
          bytes.writeBytes(Json.text().writerFor(StepReport.class).writeValueAsBytes(report));
          bytes.write('\n');
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes.toByteArray());
        long at = length;
        while (buffer.hasRemaining()) {
          at += channel.write(buffer, at);
        }
        channel.force(false);
        length = at;
        return true;
      } catch (IOException e) {
        lock.lock();
        try {
          if (closed) {
            return false;
          }
          if (!told) {
            LOG.error("Could not write to {}, trying again each second: {}", file, e.toString());
            told = true;
          }
          changed.awaitNanos(1_000_000_000L);
        } catch (InterruptedException stop) {
          Thread.currentThread().interrupt();
          return false;
        } finally {
          lock.unlock();
        }
      }
    }
  }

  /** Whether it takes no more reports. */
  boolean closed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** After {@link #close}: waits until what was left is written; answers whether it is. */
  boolean awaitWritten(Duration wait) throws InterruptedException {
    return writer.join(wait);
  }

  /** Writes what is left, in the background. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
