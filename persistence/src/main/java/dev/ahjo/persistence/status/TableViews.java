package dev.ahjo.persistence.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.BuilderView;
import dev.ahjo.core.status.BuildsetView;
import dev.ahjo.core.status.ProjectView;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.WorkerView;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The views as the projection sees them: the one connection that writes, and what was used lately
 * in memory. Changes gather there until {@link #commit}, so that many facts about one build make
 * one row. Used by one thread at a time.
 */
final class TableViews implements CommittedViews {
  private static final Logger LOG = LoggerFactory.getLogger(TableViews.class);

  /** Views of one kind that stay in memory when nothing about them is unwritten. */
  private static final int KEPT = 5_000;

  private final StatusFile file;
  private Writer writer;
  private volatile long applied;

  /** The connection and its statements; made anew when the database has closed itself. */
  private record Writer(
      Connection database,
      Shelf<ProjectView> projects,
      Shelf<BuilderView> builders,
      Shelf<BuildsetView> buildsets,
      Shelf<RequestView> requests,
      Shelf<BuildView> builds,
      Shelf<WorkerView> workers,
      PreparedStatement setApplied,
      PreparedStatement setTally) {
    static Writer on(Connection database) throws SQLException {
      database.setAutoCommit(false);
      return new Writer(
          database,
          new Shelf<>(database, Table.PROJECTS, KEPT),
          new Shelf<>(database, Table.BUILDERS, KEPT),
          new Shelf<>(database, Table.BUILDSETS, KEPT),
          new Shelf<>(database, Table.REQUESTS, KEPT),
          new Shelf<>(database, Table.BUILDS, KEPT),
          new Shelf<>(database, Table.WORKERS, KEPT),
          database.prepareStatement("UPDATE meta SET applied = ?"),
          database.prepareStatement("MERGE INTO tally (kind, phase, n) VALUES (?, ?, ?)"));
    }

    List<Shelf<?>> shelves() {
      return List.of(projects, builders, buildsets, requests, builds, workers);
    }
  }

  TableViews(StatusFile file, Connection database) throws SQLException {
    this.file = file;
    writer = Writer.on(database);
    applied = read();
  }

  @Override
  public long applied() {
    return applied;
  }

  @Override
  public void commit(long offset) {
    try {
      for (Shelf<?> shelf : writer.shelves()) {
        shelf.write(writer.setTally());
      }
      writer.setApplied().setLong(1, offset);
      writer.setApplied().executeUpdate();
      writer.database().commit();
    } catch (SQLException failed) {
      throw new StatusUnavailable("The read tables can't be written", failed);
    }
    applied = offset;
    writer.shelves().forEach(Shelf::written);
  }

  /**
   * {@inheritDoc}
   *
   * <p>After a disk's failure that may be what had reached the disk by then, or nothing.
   */
  @Override
  public void forget() {
    try {
      try {
        writer.database().rollback();
        applied = read();
      } catch (SQLException broken) {
        LOG.info("The read tables are opened again after: {}", broken.getMessage());
        writer = Writer.on(file.open(Long.MAX_VALUE));
        applied = read();
      }
    } catch (SQLException | IOException failed) {
      throw new StatusUnavailable("The read tables can't be opened again", failed);
    }
  }

  private long read() throws SQLException {
    for (Shelf<?> shelf : writer.shelves()) {
      shelf.forget();
    }
    try (var statement = writer.database().createStatement();
        ResultSet row = statement.executeQuery("SELECT applied FROM meta")) {
      row.next();
      return row.getLong(1);
    } finally {
      writer.database().rollback();
    }
  }

  @Override
  public Optional<ProjectView> project(ProjectName name) {
    return writer.projects().find(name.value());
  }

  @Override
  public Optional<BuilderView> builder(BuilderKey key) {
    return writer.builders().find(key.toString());
  }

  @Override
  public Optional<BuildsetView> buildset(BuildsetId id) {
    return writer.buildsets().find(id.value());
  }

  @Override
  public Optional<RequestView> request(RequestId id) {
    return writer.requests().find(id.value());
  }

  @Override
  public Optional<BuildView> build(BuildKey key) {
    return writer.builds().find(key.toString());
  }

  @Override
  public Optional<WorkerView> worker(WorkerName name) {
    return writer.workers().find(name.value());
  }

  @Override
  public void put(ProjectView view) {
    writer.projects().put(view);
  }

  @Override
  public void put(BuilderView view) {
    writer.builders().put(view);
  }

  @Override
  public void put(BuildsetView view) {
    writer.buildsets().put(view);
  }

  @Override
  public void put(RequestView view) {
    writer.requests().put(view);
  }

  @Override
  public void put(BuildView view) {
    writer.builds().put(view);
  }

  @Override
  public void put(WorkerView view) {
    writer.workers().put(view);
  }
}
