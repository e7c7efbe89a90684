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
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.ProjectView;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.WorkerView;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The read tables of one node, in a database of their own: the file {@code status} of its data
 * folder. It may be deleted while the node is down; the projection makes it again from the journal.
 *
 * <p>This is the readers' side; {@link StatusProjection} writes.
 */
public final class StatusTables implements StatusStore, AutoCloseable {
  private final StatusFile file;
  private final Readers readers;
  private final TableViews views;
  private final LongSupplier journalEnd;

  private StatusTables(
      StatusFile file, Readers readers, TableViews views, LongSupplier journalEnd) {
    this.file = file;
    this.readers = readers;
    this.views = views;
    this.journalEnd = journalEnd;
  }

  /**
   * Opens the tables, empty ones if there are none, or none that this version can use.
   *
   * @param folder the node's data folder
   * @param journalEnd the offset of the journal's last record
   * @throws IOException when the file can't be read or written, or another process has it open
   */
  public static StatusTables open(Path folder, LongSupplier journalEnd) throws IOException {
    var file = new StatusFile(folder);
    try {
      Connection database = file.open(journalEnd.getAsLong());
      return new StatusTables(file, new Readers(file), new TableViews(file, database), journalEnd);
    } catch (SQLException failed) {
      throw new IOException(
          "The read tables in " + folder + " can't be opened: " + failed.getMessage(), failed);
    }
  }

  /** The writer's side. */
  public CommittedViews views() {
    return views;
  }

  @Override
  public Optional<ProjectView> project(ProjectName name) {
    return find(Table.PROJECTS, name.value());
  }

  @Override
  public Optional<BuilderView> builder(BuilderKey key) {
    return find(Table.BUILDERS, key.toString());
  }

  @Override
  public Optional<BuildsetView> buildset(BuildsetId id) {
    return find(Table.BUILDSETS, id.value());
  }

  @Override
  public Optional<RequestView> request(RequestId id) {
    return find(Table.REQUESTS, id.value());
  }

  @Override
  public Optional<BuildView> build(BuildKey key) {
    return find(Table.BUILDS, key.toString());
  }

  @Override
  public Optional<WorkerView> worker(WorkerName name) {
    return find(Table.WORKERS, name.value());
  }

  private <V> Optional<V> find(Table<V> table, String id) {
    return readers.ask(reader -> Lists.find(reader, table, id));
  }

  @Override
  public Page<ProjectView> projects(Query query) {
    Listing.PROJECTS.check(query);
    return byId(Table.PROJECTS, query);
  }

  @Override
  public Page<BuilderView> builders(Query query) {
    Listing.BUILDERS.check(query);
    return byId(Table.BUILDERS, query);
  }

  @Override
  public Page<BuildsetView> buildsets(Query query) {
    Listing.BUILDSETS.check(query);
    return newestFirst(Table.BUILDSETS, query);
  }

  @Override
  public Page<RequestView> requests(Query query) {
    Listing.REQUESTS.check(query);
    return newestFirst(Table.REQUESTS, query);
  }

  @Override
  public Page<BuildView> builds(Query query) {
    Listing.BUILDS.check(query);
    return newestFirst(Table.BUILDS, query);
  }

  @Override
  public Page<WorkerView> workers(Query query) {
    Listing.WORKERS.check(query);
    return byId(Table.WORKERS, query);
  }

  private <V> Page<V> byId(Table<V> table, Query query) {
    return readers.ask(reader -> Lists.byId(reader, table, query));
  }

  private <V> Page<V> newestFirst(Table<V> table, Query query) {
    return readers.ask(reader -> Lists.newestFirst(reader, table, query));
  }

  @Override
  public Map<String, Long> requestCounts() {
    return readers.ask(reader -> Lists.counts(reader, Table.REQUESTS));
  }

  @Override
  public Progress progress() {
    long applied = views.applied();
    return new Progress(applied, Math.max(applied, journalEnd.getAsLong()));
  }

  /** Closes the file. The projection must have ended. */
  @Override
  public void close() throws IOException {
    readers.close();
    try (Connection last = file.connect()) {
      StatusFile.shutDown(last);
    } catch (SQLException failed) {
      throw new IOException("The read tables could not be closed: " + failed.getMessage(), failed);
    }
  }
}
