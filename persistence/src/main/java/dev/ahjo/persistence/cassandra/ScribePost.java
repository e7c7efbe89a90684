package dev.ahjo.persistence.cassandra;

import dev.ahjo.persistence.status.CassandraTables;
import dev.ahjo.persistence.status.ProjectionPost;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** What one node does for all: writes the feed and, from it, the read tables. */
final class ScribePost implements AutoCloseable {
  private final Scribe scribe;
  private final ProjectionPost projection;

  private ScribePost(Scribe scribe, ProjectionPost projection) {
    this.scribe = scribe;
    this.projection = projection;
  }

  /**
   * Takes the post.
   *
   * @param grown told where the feed ends, after each append
   * @param shown told up to where the read tables show it, after each commit
   */
  static ScribePost take(
      FactStore store,
      FeedSource source,
      CassandraTables tables,
      LongConsumer grown,
      LongConsumer shown) {
    return new ScribePost(
        Scribe.start(store, grown),
        ProjectionPost.take(
            tables,
            source,
            () -> {
              source.look();
              return tables.project();
            },
            shown));
  }

  void wake() {
    scribe.wake();
  }

  /** Why the feed or the read tables stand still. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    scribe.trouble().ifPresent(problems::add);
    problems.addAll(projection.problems());
    return problems;
  }

  /** Announced rows that the feed lacks. */
  long missed() {
    return scribe.missed();
  }

  /** Facts about something that the read tables don't know. */
  long strangers() {
    return projection.strangers();
  }

  @Override
  public void close() {
    scribe.close();
    projection.close();
  }
}
