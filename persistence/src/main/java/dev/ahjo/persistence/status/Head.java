package dev.ahjo.persistence.status;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.github.luben.zstd.Zstd;
import dev.ahjo.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Where the read tables in Cassandra stand, in one row that is only ever written conditionally: who
 * may write them, and which commit was the last. Before the head is moved, all that the commit
 * wants written lies beside it, in {@code status_redo}; so the move is the commit, and whoever
 * finds the head can finish what it says.
 *
 * <p>{@code epoch} fences: each projection that begins raises it, and one that is not the last to
 * have done so moves the head no more. So does one that does not know what became of its move: what
 * hangs at a server may still happen, and must not once others have been decided on.
 */
final class Head {
  /** Bytes of one row of what is to be written. */
  private static final int PART = 512 << 10;

  private static final int MAX_REDO = 512 << 20;
  static final int ATTEMPTS = 10;

  /** Of so many each begins one: enough for billions of beginnings. */
  private static final long EPOCHS = 1L << 30;

  private final CqlSession session;
  private final String generation;
  private final PreparedStatement read;
  private final PreparedStatement make;
  private final PreparedStatement raise;
  private final PreparedStatement move;
  private final PreparedStatement putRedo;
  private final PreparedStatement redo;
  private final PreparedStatement deleteRedo;
  private final PreparedStatement putShown;
  private final PreparedStatement shown;

  Head(CqlSession session, String keyspace, String generation) {
    this.session = session;
    this.generation = generation;
    String head = keyspace + ".status_head";
    read =
        session.prepare(
            "SELECT epoch, applied, redo_epoch, slot, parts, seqs FROM "
                + head
                + " WHERE generation = ?");
    make =
        session.prepare(
            "INSERT INTO "
                + head
                + " (generation, epoch, applied, redo_epoch, slot,"
                + " parts, seqs) VALUES (?, 0, 0, 0, 0, 0, {}) IF NOT EXISTS");
    raise =
        session.prepare(
            "UPDATE " + head + " SET epoch = ? WHERE generation = ? IF epoch = ? AND applied = ?");
    move =
        session.prepare(
            "UPDATE "
                + head
                + " SET applied = ?, redo_epoch = ?, slot = ?, parts = ?,"
                + " seqs = ? WHERE generation = ? IF epoch = ? AND applied = ?");
    String beside = keyspace + ".status_redo";
    putRedo =
        session.prepare(
            "INSERT INTO "
                + beside
                + " (generation, epoch, slot, part, offset, writes) VALUES (?, ?, ?, ?, ?, ?)");
    redo =
        session.prepare(
            "SELECT offset, writes FROM "
                + beside
                + " WHERE generation = ? AND epoch = ? AND slot = ? AND part < ?");
    deleteRedo = session.prepare("DELETE FROM " + beside + " WHERE generation = ? AND epoch < ?");
    String of = keyspace + ".status_shown";
    putShown = session.prepare("INSERT INTO " + of + " (generation, applied) VALUES (?, ?)");
    shown = session.prepare("SELECT applied FROM " + of + " WHERE generation = ?");
  }

  static List<String> schema(String keyspace) {
    return List.of(
        """
        CREATE TABLE IF NOT EXISTS %s.status_head (
          generation text, epoch bigint, applied bigint,
          redo_epoch bigint, slot int, parts int, seqs frozen<map<text, bigint>>,
          PRIMARY KEY ((generation)))
          WITH comment = 'Which commit of the read tables was the last, and who may make the next'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.status_redo (
          generation text, epoch bigint, slot int, part int, offset bigint, writes blob,
          PRIMARY KEY ((generation), epoch, slot, part))
          WITH comment = 'What the last commits of the read tables write'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.status_shown (
          generation text, applied bigint,
          PRIMARY KEY ((generation)))
          WITH comment = 'Up to where readers see the facts'\
        """
            .formatted(keyspace));
  }

  /**
   * The last commit.
   *
   * @param epoch who may make the next
   * @param redoEpoch who made it
   * @param parts rows of what it wants written
   * @param seqs the last number of each kind
   */
  record At(long epoch, long applied, long redoEpoch, int slot, int parts, Map<String, Long> seqs) {
    At {
      seqs = Map.copyOf(seqs);
    }
  }

  private record Redo(List<Write> writes) {}

  /** Takes the pen from whoever had it. */
  At take() {
    for (int i = 0; i < ATTEMPTS; i++) {
      Optional<At> at = read();
      if (at.isEmpty()) {
        session.execute(serial(make.bind(generation)));
      } else {
        At now = at.get();
        Optional<At> mine = raise(now, above(now.epoch()));
        if (mine.isPresent()) {
          session.execute(quorum(deleteRedo.bind(generation, now.redoEpoch())));
          return mine.get();
        }
      }
    }
    throw new StatusUnavailable("Too many nodes want to write the read tables at the same time");
  }

  /** A later epoch, and one that nobody else comes upon: whose it is can be told by it. */
  static long above(long epoch) {
    return epoch + 1 + ThreadLocalRandom.current().nextLong(EPOCHS);
  }

  /**
   * Begins an epoch where the head stands. A move of the epochs before that is still on its way
   * moves nothing after this, and what it lays beside the head lies where nobody looks.
   *
   * @param mine of {@link #above}
   * @return empty when the head is not there any more
   */
  Optional<At> raise(At from, long mine) {
    BoundStatement begin = raise.bind(mine, generation, from.epoch(), from.applied());
    boolean raised =
        session.execute(serial(begin).setIdempotent(true)).wasApplied()
            // The driver may have asked twice.
            || read().filter(now -> now.epoch() == mine).isPresent();
    return raised
        ? Optional.of(
            new At(mine, from.applied(), from.redoEpoch(), from.slot(), from.parts(), from.seqs()))
        : Optional.empty();
  }

  Optional<At> read() {
    Row row =
        session
            .execute(
                read.bind(generation)
                    .setConsistencyLevel(ConsistencyLevel.LOCAL_SERIAL)
                    .setIdempotent(true))
            .one();
    return Optional.ofNullable(row).map(Head::at);
  }

  private static At at(Row row) {
    Map<String, Long> seqs = row.getMap("seqs", String.class, Long.class);
    return new At(
        row.getLong("epoch"),
        row.getLong("applied"),
        row.getLong("redo_epoch"),
        row.getInt("slot"),
        row.getInt("parts"),
        seqs == null ? Map.of() : seqs);
  }

  /** Lays beside the head what a commit wants written; answers the number of rows. */
  int prepare(long epoch, int slot, long offset, List<Write> writes) {
    byte[] all;
    try {
      all = Zstd.compress(Json.binary().writeValueAsBytes(new Redo(writes)));
    } catch (IOException unwritable) {
      throw new StatusUnavailable("A commit of the read tables can't be written", unwritable);
    }
    int parts = 0;
    for (int from = 0; from < all.length; from += PART) {
      ByteBuffer part = ByteBuffer.wrap(all, from, Math.min(PART, all.length - from));
      session.execute(quorum(putRedo.bind(generation, epoch, slot, parts, offset, part)));
      parts++;
    }
    return parts;
  }

  /**
   * Commits.
   *
   * @return empty when somebody else has the pen, or the head is not where it was
   */
  Optional<At> move(At from, long offset, int slot, int parts, Map<String, Long> seqs) {
    boolean moved =
        session
            .execute(
                serial(
                    move.bind(
                        offset,
                        from.epoch(),
                        slot,
                        parts,
                        seqs,
                        generation,
                        from.epoch(),
                        from.applied())))
            .wasApplied();
    return moved
        ? Optional.of(new At(from.epoch(), offset, from.epoch(), slot, parts, seqs))
        : Optional.empty();
  }

  /** What the last commit wants written. */
  List<Write> redo(At at) {
    if (at.parts() == 0) {
      return List.of();
    }
    var all = new ByteArrayOutputStream();
    int parts = 0;
    for (Row row :
        session.execute(quorum(redo.bind(generation, at.redoEpoch(), at.slot(), at.parts())))) {
      ByteBuffer part = row.getByteBuffer("writes");
      if (part != null && row.getLong("offset") == at.applied()) {
        all.writeBytes(bytes(part));
        parts++;
      }
    }
    if (parts != at.parts()) {
      throw new StatusUnavailable(
          "The read tables' commit at %d has %d parts, but %d were found"
              .formatted(at.applied(), at.parts(), parts));
    }
    try {
      byte[] zstd = all.toByteArray();
      long size = Zstd.getFrameContentSize(zstd);
      if (size < 0 || size > MAX_REDO) {
        throw new IOException("it is damaged");
      }
      return Json.binary().readValue(Zstd.decompress(zstd, (int) size), Redo.class).writes();
    } catch (IOException unreadable) {
      throw new StatusUnavailable(
          "The read tables' commit at " + at.applied() + " can't be read", unreadable);
    }
  }

  private static byte[] bytes(ByteBuffer of) {
    byte[] bytes = new byte[of.remaining()];
    of.get(bytes);
    return bytes;
  }

  /** Everything up to {@code offset} is written. */
  BoundStatement show(long offset) {
    return quorum(putShown.bind(generation, offset).setQueryTimestamp(offset));
  }

  /** Up to where everything is written. */
  long shown() {
    Row row = session.execute(quorum(shown.bind(generation))).one();
    return row == null ? 0 : row.getLong(0);
  }

  private static BoundStatement quorum(BoundStatement statement) {
    return statement.setConsistencyLevel(ConsistencyLevel.LOCAL_QUORUM).setIdempotent(true);
  }

  /** Not to be repeated by the driver: what came of it is to be looked up. */
  private static BoundStatement serial(BoundStatement statement) {
    return statement
        .setConsistencyLevel(ConsistencyLevel.LOCAL_QUORUM)
        .setSerialConsistencyLevel(ConsistencyLevel.LOCAL_SERIAL)
        .setIdempotent(false);
  }
}
