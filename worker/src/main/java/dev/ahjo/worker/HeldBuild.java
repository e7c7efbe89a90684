package dev.ahjo.worker;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol.Held;
import dev.ahjo.core.worker.Protocol.Reports;
import dev.ahjo.wire.Json;
import dev.ahjo.worker.log.OutStream;
import dev.ahjo.worker.process.ProcessTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A build that this agent keeps, from its plan's arrival until the gate has taken its last report
 * or wants it no more. Its folder {@code builds/BUILD}:
 *
 * <ul>
 *   <li>{@code plan.json}: with it the build is kept, without it there is none
 *   <li>{@code reports}: a line of JSON each
 *   <li>{@code stop}: there if the build was stopped; the last reason
 *   <li>{@code insisted}: the step marked always that a second stop ended
 *   <li>{@code steps/N}: the spool of a step
 * </ul>
 */
final class HeldBuild {
  static final String PLAN = "plan.json";
  private static final String INSISTED = "insisted";

  private static final Logger LOG = LoggerFactory.getLogger(HeldBuild.class);

  private static final Duration LEAVE = Duration.ofSeconds(3);

  private final Site site;
  private final Kept kept;
  private final Path dir;
  private final Path folder;
  private final ReportLog reports;
  private final ConcurrentHashMap<StreamKey, OutStream> streams = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition streamClosed = lock.newCondition();
  private final StopSignal stop = new StopSignal();
  private final AtomicBoolean hasFolder = new AtomicBoolean();
  private final BuildWalk walk;
  private @Nullable Thread walker;
  private volatile boolean swept;
  private boolean over;
  private final Unanswered unanswered = new Unanswered();
  private long session;

  /** What is on disk of it from its first moment. */
  record Kept(BuildKey build, Attempt attempt, Plan plan, String folder) {}

  private HeldBuild(Site site, Kept kept, Path dir, Path folder) throws IOException {
    this.site = site;
    this.kept = kept;
    this.dir = dir;
    this.folder = folder;
    this.reports = ReportLog.open(dir.resolve("reports"), this::send);
    this.walk = new BuildWalk(this, stop, reports, dir.resolve("steps"), folder);
  }

  /** Takes a build on: its plan is on disk when this returns. */
  static HeldBuild accept(Site site, BuildKey build, Attempt attempt, Plan plan)
      throws IOException {
    Path folder = site.folders().take(build.builder());
    Path dir = site.data().build(build);
    try {
      var kept = new Kept(build, attempt, plan, site.folders().name(folder));
      Files.createDirectories(dir);
      DataFolder.write(dir.resolve(PLAN), Json.text().writeValueAsBytes(kept));
      DataFolder.force(dir.getParent());
      var held = new HeldBuild(site, kept, dir, folder);
      held.hasFolder.set(true);
      return held;
    } catch (IOException e) {
      site.folders().release(folder);
      // A later agent must not take for a build what the gate is told can't be taken.
      try {
        Files.deleteIfExists(dir.resolve(PLAN));
        DataFolder.remove(dir);
      } catch (IOException worse) {
        e.addSuppressed(worse);
      }
      throw e;
    }
  }

  /** Finds again what an earlier agent kept. */
  static HeldBuild find(Site site, Path dir) throws IOException, InterruptedException {
    Kept kept;
    try {
      kept = Json.text().readValue(Files.readAllBytes(dir.resolve(PLAN)), Kept.class);
    } catch (JsonProcessingException e) {
      throw new IOException(
          "Could not read " + dir.resolve(PLAN) + ": " + e.getOriginalMessage(), e);
    }
    var held = new HeldBuild(site, kept, dir, site.folders().called(kept.folder()));
    if (held.walk.walked()) {
      // it has given its folder back, and another build may have it; or it was just about to
      held.sweep();
    } else {
      site.folders().takeAgain(held.folder);
      held.hasFolder.set(true);
    }
    return held;
  }

  /** Goes on where the reports and spools say that it stands. */
  void start() throws IOException {
    Path stopped = dir.resolve("stop");
    if (Files.exists(stopped)) {
      Path insisted = dir.resolve(INSISTED);
      walk.stopAgain(
          Files.readString(stopped),
          Files.exists(insisted) ? Integer.parseInt(Files.readString(insisted).strip()) : -1);
    }
    walker =
        Thread.ofVirtual()
            .name("build " + key())
            .start(() -> {
              try {
                walk.run();
              } catch (InterruptedException agentEnds) {
                LOG.debug("{} is left to its supervisors", key());
              }
            });
  }

  BuildKey key() {
    return kept.build();
  }

  Attempt attempt() {
    return kept.attempt();
  }

  Plan plan() {
    return kept.plan();
  }

  Site site() {
    return site;
  }

  /** Marks the processes of all its steps; a step's index follows. */
  String mark() {
    return site.data().mark(key());
  }

  StreamKey key(int step, StreamKey.Kind kind, String name) {
    return new StreamKey(key(), step, kind, name);
  }

  Held held() {
    return new Held(key(), attempt(), reports.last());
  }

  // Streams

  /** Begins to send a file; one that is there already may have been begun by an earlier agent. */
  void openStream(StreamKey key, Path file, long limit) {
    lock.lock();
    try {
      if (over || streams.containsKey(key)) {
        return;
      }
      var stream =
          new OutStream(
              key,
              file,
              site.uplink(),
              Files.exists(file),
              limit,
              site.settings().timing().resend(),
              this::closed);
      streams.put(key, stream);
      stream.start();
    } finally {
      lock.unlock();
    }
  }

  void look(StreamKey key) {
    OutStream stream = streams.get(key);
    if (stream != null) {
      stream.look();
    }
  }

  void endStream(StreamKey key, long size) {
    OutStream stream = streams.get(key);
    if (stream != null) {
      stream.end(size);
    }
  }

  /** The step is over, however: no stream of its may be waited for without an end. */
  void endStreams(int step) {
    streams.values().stream()
        .filter(stream -> stream.key().step() == step)
        .forEach(OutStream::endWhereItIs);
  }

  private void closed(OutStream stream) {
    if (walk.endIsOnDisk(stream.key().step())) {
      try {
        Files.deleteIfExists(stream.file());
      } catch (IOException e) {
        LOG.warn("Could not remove {}: {}", stream.file(), e.toString());
      }
    }
    lock.lock();
    try {
      streams.remove(stream.key());
      streamClosed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void awaitStreams() throws InterruptedException {
    lock.lock();
    try {
      while (!streams.isEmpty()) {
        streamClosed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  void stored(StreamKey key, long offset, boolean closed) {
    OutStream stream = streams.get(key);
    if (stream != null) {
      stream.stored(offset, closed);
    }
  }

  void storeBusy(StreamKey key, long offset) {
    OutStream stream = streams.get(key);
    if (stream != null) {
      stream.busy(offset);
    }
  }

  // Reports

  /** Sends what is on disk and was not sent in this session. */
  void send() {
    lock.lock();
    try {
      long now = site.uplink().session();
      if (now == 0 || over) {
        return;
      }
      if (session != now) {
        session = now;
        unanswered.again();
      }
      List<StepReport> batch = reports.after(unanswered.sent());
      while (!batch.isEmpty()) {
        site.uplink().send(new Reports(key(), attempt(), unanswered.sent() + 1, batch));
        unanswered.sends(unanswered.sent() + batch.size(), System.nanoTime());
        batch = reports.after(unanswered.sent());
      }
    } finally {
      lock.unlock();
    }
  }

  /** The gate asks again: all that it may not have is sent again, from the first on. */
  void sendAgain() {
    lock.lock();
    try {
      unanswered.fromTheFirst();
    } finally {
      lock.unlock();
    }
    send();
  }

  /** Called now and then: repeats all that is unanswered when no answer has come for long. */
  void remind(long now) {
    lock.lock();
    try {
      if (unanswered.overdue(now, site.settings().timing().resend())) {
        unanswered.again();
      }
    } finally {
      lock.unlock();
    }
    send();
  }

  /** A session has begun. */
  void sessionOpened() {
    send();
    streams.values().forEach(OutStream::look);
  }

  /** Reports up to {@code last} are journaled; answers whether the build is over with that. */
  boolean taken(long last) {
    lock.lock();
    try {
      unanswered.taken(Math.min(last, reports.last()), System.nanoTime());
      List<StepReport> all = reports.all();
      return unanswered.isTaken(all.size())
          && !all.isEmpty()
          && all.getLast() instanceof StepReport.BuildEnded;
    } finally {
      lock.unlock();
    }
  }

  // The end

  /**
   * Stops the step that runs; steps marked always still run, and the end is reported. Another
   * reason than the last one's is another stop: it ends also a step marked always that runs now.
   */
  void stop(String reason) throws IOException {
    Path stopped = dir.resolve("stop");
    byte[] bytes = reason.getBytes(StandardCharsets.UTF_8);
    if (Files.notExists(stopped)) {
      DataFolder.write(stopped, bytes);
      walk.stop(reason);
    } else if (!Arrays.equals(Files.readAllBytes(stopped), bytes)) {
      OptionalInt spared = walk.spared();
      if (spared.isPresent()) {
        String index = Integer.toString(spared.getAsInt());
        DataFolder.write(dir.resolve(INSISTED), index.getBytes(StandardCharsets.US_ASCII));
      }
      DataFolder.write(stopped, bytes);
      walk.insist(reason);
    }
  }

  /**
   * Leaves everything as it is: its steps go on under their supervisors. When this returns nothing
   * is written or started any more, so that the next agent may have the folder.
   */
  void leave() throws InterruptedException {
    end();
    Thread walking = walker;
    if (walking != null && !walking.join(LEAVE) || !reports.awaitWritten(LEAVE)) {
      LOG.warn("{} is left in the middle of something", key());
    }
  }

  private void end() {
    lock.lock();
    try {
      over = true;
    } finally {
      lock.unlock();
    }
    // closed before the walk is interrupted, so that nothing it says of that is kept
    reports.close();
    Optional.ofNullable(walker).ifPresent(Thread::interrupt);
    streams.values().forEach(OutStream::abandon);
  }

  /** Kills what runs, and removes all that is kept of it. Waits for that. */
  void remove() throws InterruptedException {
    end();
    Thread walking = walker;
    if (walking != null) {
      walking.join();
    }
    try {
      // first of all, so that half a removal is never taken for a build
      Files.deleteIfExists(dir.resolve(PLAN));
    } catch (IOException e) {
      LOG.error("Could not remove {}: {}", dir.resolve(PLAN), e.toString());
    }
    if (!swept) {
      sweep();
    }
    try {
      DataFolder.remove(dir);
    } catch (IOException e) {
      LOG.error("Could not remove {}: {}", dir, e.toString());
    }
    releaseFolder();
    site.folders().trim();
  }

  /** Ends what the steps have left running. No step starts after it. */
  void sweep() throws InterruptedException {
    if (!ProcessTree.leftBy(mark()).end(site.settings().timing().stopGrace())) {
      LOG.error("Processes of {} could not be killed", key());
    }
    swept = true;
  }

  /**
   * The builder's next build may have the folder; said before the build's end is, and after {@link
   * #sweep}: the next build must not meet what this one left running.
   */
  void releaseFolder() {
    if (hasFolder.compareAndSet(true, false)) {
      site.folders().release(folder);
    }
  }
}
