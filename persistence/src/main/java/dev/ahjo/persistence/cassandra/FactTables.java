package dev.ahjo.persistence.cassandra;

import java.util.List;

/**
 * The tables of facts, by who writes them.
 *
 * <pre>
 * journal         an entity's rows, in partitions of {@link #ROWS_OF_PART}     the entity
 * journal_floor   up to where an entity's rows were deleted                     the entity
 * snapshot        states, shorter ways to replay                                the entity
 * announcer       the logs of announcements, and how far each is in the feed    nodes, the scribe
 * announcement    which rows a node has stored, in its own order                a node
 * feed            all facts of the farm in one order, in full partitions        the scribe
 * fed             how far each entity is in the feed                            the scribe
 * feed_mark       up to where {@code fed} is complete                           the scribe
 * </pre>
 */
final class FactTables {
  /** Rows of one entity in one partition of the journal, about. */
  static final long ROWS_OF_PART = 2_000;

  /** Rows of the feed in one partition, exactly. */
  static final long ROWS_OF_BUCKET = 1_000;

  /** Batches of announcements in one partition, exactly. */
  static final long BATCHES_OF_CHUNK = 500;

  private FactTables() {}

  static List<String> schema(String keyspace) {
    return List.of(
            """
            CREATE TABLE IF NOT EXISTS %s.journal (
              entity text,
              part bigint,
              sequence_nr bigint,
              writer text,
              written bigint,
              stamp bigint,
              adapter text,
              serializer int,
              manifest text,
              payload blob,
              PRIMARY KEY ((entity, part), sequence_nr)
            )\
            """,
            """
            CREATE TABLE IF NOT EXISTS %s.journal_floor (
              entity text PRIMARY KEY,
              deleted_to bigint
            )\
            """,
            """
            CREATE TABLE IF NOT EXISTS %s.snapshot (
              entity text,
              sequence_nr bigint,
              written bigint,
              serializer int,
              manifest text,
              payload blob,
              PRIMARY KEY (entity, sequence_nr)
            ) WITH CLUSTERING ORDER BY (sequence_nr DESC) AND gc_grace_seconds = 86400\
            """,
            """
            CREATE TABLE IF NOT EXISTS %s.announcer (
              farm int,
              name text,
              done bigint,
              ended boolean,
              PRIMARY KEY (farm, name)
            )\
            """,
            """
            CREATE TABLE IF NOT EXISTS %s.announcement (
              name text,
              chunk bigint,
              n bigint,
              entities frozen<list<text>>,
              numbers frozen<list<bigint>>,
              stamps frozen<list<bigint>>,
              PRIMARY KEY ((name, chunk), n)
            ) WITH gc_grace_seconds = 86400\
            """,
            """
            CREATE TABLE IF NOT EXISTS %s.feed (
              bucket bigint,
              number bigint,
              last bigint STATIC,
              entity text,
              sequence_nr bigint,
              manifest text,
              payload blob,
              PRIMARY KEY (bucket, number)
            )\
            """,
            """
            CREATE TABLE IF NOT EXISTS %s.fed (
              entity text PRIMARY KEY,
              sequence_nr bigint
            )\
            """,
            """
            CREATE TABLE IF NOT EXISTS %s.feed_mark (
              farm int PRIMARY KEY,
              number bigint
            )\
            """)
        .stream()
        .map(table -> table.formatted(keyspace))
        .toList();
  }
}
