package dev.ahjo.persistence.jdbc;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where the databases differ that our statements are for. */
public enum Dialect {
  H2("", "VARCHAR(255)", "VARBINARY(1000000)", "BLOB") {
    @Override
    public String upsert(String table, List<String> key, List<String> values) {
      return "MERGE INTO "
          + table
          + " ("
          + columns(key, values)
          + ") KEY ("
          + String.join(", ", key)
          + ") VALUES ("
          + marks(key.size() + values.size())
          + ")";
    }

    @Override
    public String using(String index) {
      return " USE INDEX (" + index + ")";
    }
  },

  /** Its planner takes no hints; with an index that has all that is asked for it needs none. */
  POSTGRESQL("IF NOT EXISTS ", "VARCHAR(255) COLLATE \"C\"", "BYTEA", "BYTEA") {
    @Override
    public String upsert(String table, List<String> key, List<String> values) {
      return "INSERT INTO "
          + table
          + " ("
          + columns(key, values)
          + ") VALUES ("
          + marks(key.size() + values.size())
          + ") ON CONFLICT ("
          + String.join(", ", key)
          + ") DO UPDATE SET "
          + values.stream().map(c -> c + " = EXCLUDED." + c).collect(Collectors.joining(", "));
    }

    @Override
    public String using(String index) {
      return "";
    }
  };

  private final String ifMissing;
  private final String name;
  private final String bytes;
  private final String large;

  Dialect(String ifMissing, String name, String bytes, String large) {
    this.ifMissing = ifMissing;
    this.name = name;
    this.bytes = bytes;
    this.large = large;
  }

  /** In statements that make read tables: nothing where they are made once, in a new file. */
  public String ifMissing() {
    return ifMissing;
  }

  /** The type of names, which sort as their bytes do. */
  public String name255() {
    return name;
  }

  /** The type of bytes that stand in their row, a million of them. */
  public String bytes() {
    return bytes;
  }

  /** The type of bytes that are too many for that. */
  public String large() {
    return large;
  }

  /**
   * Puts a row, whether or not there is one of that key; parameters are the key's and the values.
   */
  public abstract String upsert(String table, List<String> key, List<String> values);

  /** What follows a table's name to have it read by an index. */
  public abstract String using(String index);

  private static String columns(List<String> key, List<String> values) {
    return Stream.concat(key.stream(), values.stream()).collect(Collectors.joining(", "));
  }

  private static String marks(int n) {
    return String.join(", ", Collections.nCopies(n, "?"));
  }
}
