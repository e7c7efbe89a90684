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
    return readers.ask(reader -> Lists.find(reader, table, id));
  }

  @Override
  public <V> Page<V> list(Table<V> table, Query query) {
    return readers.ask(reader ->
        table.named() ? Lists.byId(reader, table, query) : Lists.newestFirst(reader, table, query));
  }

  @Override
  public Map<String, Long> requestCounts() {
    return readers.ask(reader -> Lists.counts(reader, Table.REQUESTS));
  }

  /** Asks for anything else. */
  final <T> T ask(Readers.Reading<T> question) {
    return readers.ask(question);
  }

  final void endReading() {
    readers.close();
  }
}
