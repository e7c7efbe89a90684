package dev.ahjo.persistence.status;

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
public final class StatusTables implements ByTable.Listed, AutoCloseable {
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
  public <V> Optional<V> find(Table<V> table, String id) {
    return readers.ask(reader -> Lists.find(reader, table, id));
  }

  @Override
  public <V> Page<V> list(Table<V> table, Query query) {
    return readers.ask(reader ->
        table.named()
            ? Lists.byId(reader, table, query)
            : Lists.newestFirst(reader, table, query));
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
