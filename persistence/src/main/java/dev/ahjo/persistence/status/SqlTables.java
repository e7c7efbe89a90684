package dev.ahjo.persistence.status;

import java.util.Map;
import java.util.Optional;

/** The readers' side of tables in a relational database. */
abstract class SqlTables implements ByTable.Listed {
  private final Readers readers;

  SqlTables(StatusDatabase store) {
    readers = new Readers(store);
  }

  @Override
  public <V> Optional<V> find(Table<V> table, String id) {
    return ask(reader -> Lists.find(reader, table, id));
  }

  @Override
  public <V> Page<V> list(Table<V> table, Query query) {
    return ask(reader ->
        table.named() ? Lists.byId(reader, table, query) : Lists.newestFirst(reader, table, query));
  }

  @Override
  public Map<String, Long> requestCounts() {
    return ask(reader -> Lists.counts(reader, Table.REQUESTS));
  }

  /** Asks for anything else. */
  final <T> T ask(Readers.Reading<T> question) {
    // Before, since what is read is as old as its beginning; after, since the tables may have been
    // made anew meanwhile.
    confirm();
    T answer = readers.ask(question);
    confirm();
    return answer;
  }

  /**
   * Whether the tables may be read now.
   *
   * @throws StatusUnavailable when not
   */
  void confirm() {}

  final void endReading() {
    readers.close();
  }
}
