package dev.ahjo.persistence.log;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The tables of streams in Cassandra.
 *
 * <ul>
 *   <li>{@code stream_chunk}: the frames. One partition holds the chunks that begin within {@link
 *       StreamRows#PART} bytes of one stream. A row's key says which bytes it holds: offset and
 *       length. Two writers that send the same bytes cut differently write different rows, never
 *       over each other's.
 *   <li>{@code stream}: the streams of a build, in one partition; where each has surely come to,
 *       and the mark of a build whose streams were removed.
 *   <li>{@code stream_slot}: which streams began in which ten minutes, and how large they are; for
 *       pruning. {@code stream_slots} says which of those there are.
 * </ul>
 */
final class CassandraStreamRows implements StreamRows {
  private static final String KEY = "build = ? AND step = ? AND kind = ? AND name = ?";
  private static final String PART_KEY = KEY + " AND part = ?";

  private final CqlSession session;
  private final PreparedStatement putChunk;
  private final PreparedStatement chunksFrom;
  private final PreparedStatement placesBefore;
  private final PreparedStatement lastWritten;
  private final PreparedStatement deletePart;
  private final PreparedStatement putStream;
  private final PreparedStatement stream;
  private final PreparedStatement streams;
  private final PreparedStatement deleteStream;
  private final PreparedStatement putPruned;
  private final PreparedStatement pruned;
  private final PreparedStatement putInSlot;
  private final PreparedStatement slot;
  private final PreparedStatement deleteInSlot;
  private final PreparedStatement deleteSlot;
  private final PreparedStatement putSlot;
  private final PreparedStatement slots;
  private final PreparedStatement forgetSlot;

  CassandraStreamRows(CqlSession session, String keyspace) {
    this.session = session;
    String chunks = keyspace + ".stream_chunk";
    putChunk =
        session.prepare(
            "UPDATE "
                + chunks
                + " SET last = ?, zstd = ? WHERE "
                + PART_KEY
                + " AND at = ? AND length = ?");
    chunksFrom =
        session.prepare(
            "SELECT at, length, last, zstd FROM "
                + chunks
                + " WHERE "
                + PART_KEY
                + " AND at >= ? AND at < ?");
    placesBefore =
        session.prepare(
            "SELECT at, length FROM " + chunks + " WHERE " + PART_KEY + " AND at > ? AND at < ?");
    lastWritten =
        session.prepare(
            "SELECT WRITETIME(zstd) AS written FROM "
                + chunks
                + " WHERE "
                + PART_KEY
                + " ORDER BY at DESC, length DESC LIMIT 1");
    deletePart = session.prepare("DELETE FROM " + chunks + " WHERE " + PART_KEY);
    String each = keyspace + ".stream";
    putStream =
        session.prepare(
            "UPDATE "
                + each
                + " USING TIMESTAMP ? SET size = ?, bytes = ?, closed = ?, slot = ?, at = ? WHERE "
                + KEY);
    String columns = "SELECT step, kind, name, size, bytes, closed, slot, at FROM " + each;
    stream = session.prepare(columns + " WHERE " + KEY);
    streams = session.prepare(columns + " WHERE build = ?");
    deleteStream = session.prepare("DELETE FROM " + each + " WHERE " + KEY);
    putPruned = session.prepare("UPDATE " + each + " SET pruned = ? WHERE build = ?");
    pruned = session.prepare("SELECT pruned FROM " + each + " WHERE build = ? LIMIT 1");
    String inSlot = keyspace + ".stream_slot";
    putInSlot =
        session.prepare(
            "UPDATE " + inSlot + " USING TIMESTAMP ? SET bytes = ? WHERE slot = ? AND " + KEY);
    slot = session.prepare("SELECT build, bytes FROM " + inSlot + " WHERE slot = ?");
    deleteInSlot = session.prepare("DELETE FROM " + inSlot + " WHERE slot = ? AND " + KEY);
    deleteSlot = session.prepare("DELETE FROM " + inSlot + " WHERE slot = ?");
    String all = keyspace + ".stream_slots";
    putSlot = session.prepare("INSERT INTO " + all + " (one, slot) VALUES (0, ?)");
    slots = session.prepare("SELECT slot FROM " + all + " WHERE one = 0");
    forgetSlot = session.prepare("DELETE FROM " + all + " WHERE one = 0 AND slot = ?");
  }

  /** The statements that make the tables in {@code keyspace}, if they are not there. */
  static List<String> schema(String keyspace) {
    return List.of(
        """
        CREATE TABLE IF NOT EXISTS %s.stream_chunk (
          build text, step int, kind text, name text, part bigint,
          at bigint, length int, last boolean, zstd blob,
          PRIMARY KEY ((build, step, kind, name, part), at, length))
          WITH compression = {'enabled': 'false'}
          AND comment = 'Logs and artifacts: Zstandard frames by their place in the stream'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.stream (
          build text, step int, kind text, name text,
          size bigint, bytes bigint, closed boolean, slot bigint, at timestamp,
          pruned timestamp static,
          PRIMARY KEY ((build), step, kind, name))
          WITH comment = 'The streams of a build, and how far each is surely stored'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.stream_slot (
          slot bigint, build text, step int, kind text, name text, bytes bigint,
          PRIMARY KEY ((slot), build, step, kind, name))
          WITH comment = 'Which streams began in which ten minutes, for pruning'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.stream_slots (
          one int, slot bigint,
          PRIMARY KEY ((one), slot))
          WITH comment = 'Which ten minutes have streams'\
        """
            .formatted(keyspace));
  }

  @Override
  public String place() {
    return "Cassandra";
  }

  @Override
  public void put(StreamKey stream, Stored chunk) {
    BoundStatement put =
        putChunk.bind(
            chunk.last(),
            ByteBuffer.wrap(chunk.zstd()),
            stream.build().toString(),
            stream.step(),
            stream.kind().name(),
            stream.name(),
            chunk.at() / PART,
            chunk.at(),
            chunk.length());
    // The same bytes may be written once more, later, by who does not know that they are the last.
    run(chunk.last() ? put : put.unset(0));
  }

  @Override
  public List<Stored> from(StreamKey stream, long part, long from, long to) {
    List<Stored> found = new ArrayList<>();
    for (Row row : run(of(chunksFrom, stream, part, from, to))) {
      ByteBuffer zstd = row.getByteBuffer("zstd");
      if (zstd != null) {
        byte[] bytes = new byte[zstd.remaining()];
        zstd.get(bytes);
        found.add(
            new Stored(row.getLong("at"), row.getInt("length"), row.getBoolean("last"), bytes));
      }
    }
    return found;
  }

  @Override
  public List<Stored> reaching(StreamKey stream, long place) {
    long after = place - Chunk.MAX_LENGTH;
    List<Stored> found = new ArrayList<>();
    for (long part = Math.max(0, after + 1) / PART; part * PART < place; part++) {
      // Almost always there is none: their frames are not asked for before that is known.
      for (Row row : run(of(placesBefore, stream, part, after, place))) {
        long at = row.getLong(0);
        if (at + row.getInt(1) > place) {
          found.addAll(from(stream, part, at, at + 1));
        }
      }
    }
    return found;
  }

  @Override
  public Optional<Instant> lastWritten(StreamKey stream, long part) {
    Row row = one(of(lastWritten, stream, part));
    return row == null || row.isNull(0)
        ? Optional.empty()
        : Optional.of(Instant.EPOCH.plusNanos(TimeUnit.MICROSECONDS.toNanos(row.getLong(0))));
  }

  @Override
  public void deletePart(StreamKey stream, long part) {
    run(of(deletePart, stream, part));
  }

  private static BoundStatement of(PreparedStatement statement, StreamKey stream, long part) {
    return statement.bind(
        stream.build().toString(), stream.step(), stream.kind().name(), stream.name(), part);
  }

  private static BoundStatement of(
      PreparedStatement statement, StreamKey stream, long part, long from, long to) {
    return of(statement, stream, part).setLong(5, from).setLong(6, to);
  }

  /** Whoever knows of more wins: the size stands in for the time of writing. */
  @Override
  public void note(Known known) {
    long time = known.size() * 2 + (known.closed() ? 1 : 0);
    StreamKey s = known.stream();
    var both =
        List.of(
            putStream.bind(
                time,
                known.size(),
                known.bytes(),
                known.closed(),
                known.slot(),
                known.at(),
                s.build().toString(),
                s.step(),
                s.kind().name(),
                s.name()),
            putInSlot.bind(
                time,
                known.bytes(),
                known.slot(),
                s.build().toString(),
                s.step(),
                s.kind().name(),
                s.name()));
    both.stream()
        .map(each -> session.executeAsync(safe(each)).toCompletableFuture())
        .toList()
        .forEach(CassandraStreamRows::done);
  }

  private static void done(CompletableFuture<AsyncResultSet> write) {
    try {
      write.join();
    } catch (CompletionException failed) {
      throw new Unavailable(failed.getCause() == null ? failed : failed.getCause());
    }
  }

  @Override
  public Optional<Known> known(StreamKey s) {
    Row row = one(stream.bind(s.build().toString(), s.step(), s.kind().name(), s.name()));
    return Optional.ofNullable(row).map(r -> known(s.build(), r));
  }

  @Override
  public List<Known> known(BuildKey build) {
    List<Known> found = new ArrayList<>();
    for (Row row : run(streams.bind(build.toString()))) {
      // A build whose streams are gone has one row of nothing but its mark.
      if (!row.isNull("name")) {
        found.add(known(build, row));
      }
    }
    return found;
  }

  private static Known known(BuildKey build, Row row) {
    var key =
        new StreamKey(
            build,
            row.getInt("step"),
            StreamKey.Kind.valueOf(String.valueOf(row.getString("kind"))),
            String.valueOf(row.getString("name")));
    Instant at = row.getInstant("at");
    return new Known(
        key,
        row.getLong("size"),
        row.getLong("bytes"),
        row.getBoolean("closed"),
        row.getLong("slot"),
        at == null ? Instant.EPOCH : at);
  }

  @Override
  public boolean pruned(BuildKey build) {
    Row row = one(pruned.bind(build.toString()));
    return row != null && !row.isNull(0);
  }

  @Override
  public void markPruned(BuildKey build, Instant at) {
    run(putPruned.bind(at, build.toString()));
  }

  @Override
  public void forget(Known known) {
    StreamKey s = known.stream();
    run(deleteStream.bind(s.build().toString(), s.step(), s.kind().name(), s.name()));
    run(deleteInSlot.bind(known.slot(), s.build().toString(), s.step(), s.kind().name(), s.name()));
  }

  @Override
  public void open(long slot) {
    run(putSlot.bind(slot));
  }

  @Override
  public List<Long> slots() {
    List<Long> all = new ArrayList<>();
    run(slots.bind()).forEach(row -> all.add(row.getLong(0)));
    return all;
  }

  @Override
  public Iterable<InSlot> inSlot(long number) {
    var rows = run(slot.bind(number));
    return () -> {
      var each = rows.iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return each.hasNext();
        }

        @Override
        public InSlot next() {
          Row row = each.next();
          return new InSlot(BuildKey.parse(String.valueOf(row.getString("build"))), row.getLong(1));
        }
      };
    };
  }

  @Override
  public void forgetSlot(long number) {
    run(deleteSlot.bind(number));
    run(forgetSlot.bind(number));
  }

  private Iterable<Row> run(BoundStatement statement) {
    try {
      ResultSet found = session.execute(safe(statement));
      return () -> new Rows(found.iterator());
    } catch (DriverException failed) {
      throw new Unavailable(failed);
    }
  }

  private @Nullable Row one(BoundStatement statement) {
    try {
      return session.execute(safe(statement)).one();
    } catch (DriverException failed) {
      throw new Unavailable(failed);
    }
  }

  /** The driver fetches page after page meanwhile. */
  private record Rows(Iterator<Row> pages) implements Iterator<Row> {
    @Override
    public boolean hasNext() {
      try {
        return pages.hasNext();
      } catch (DriverException failed) {
        throw new Unavailable(failed);
      }
    }

    @Override
    public Row next() {
      return pages.next();
    }
  }

  /** Every statement here may be repeated: none depends on what is there. */
  private static BoundStatement safe(BoundStatement statement) {
    return statement.setConsistencyLevel(ConsistencyLevel.LOCAL_QUORUM).setIdempotent(true);
  }
}
