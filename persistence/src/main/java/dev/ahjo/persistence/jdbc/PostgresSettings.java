package dev.ahjo.persistence.jdbc;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which PostgreSQL, and what of it is this farm's.
 *
 * @param servers of which the one that may be written is used, whichever it is
 * @param schema of small letters, digits and {@code _}; nothing else may stand in it
 * @param tls what the server has to show before it is spoken to
 * @param authority who must have signed the server's certificate, instead of those whom Java trusts
 * @param create whether tables that lack are made when the storage is opened
 */
public record PostgresSettings(
    List<Server> servers,
    String database,
    String schema,
    Tls tls,
    Optional<Path> authority,
    Login login,
    boolean create) {
  /** So that the read tables' schemas, which are named after it, have names short enough. */
  public static final int LONGEST_SCHEMA = 30;

  public PostgresSettings {
    servers = List.copyOf(servers);
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("Expected at least one server, but found none");
    }
    if (!schema.matches("[a-z][a-z0-9_]{0," + (LONGEST_SCHEMA - 1) + "}")) {
      throw new IllegalArgumentException(
          "Expected a schema of small letters, digits and _, but found '" + schema + "'");
    }
  }

  /** Where one listens. */
  public record Server(String host, int port) {}

  /** As PostgreSQL names it. */
  public enum Tls {
    /** In the clear. */
    DISABLE,
    /** Encrypted, with whoever answers. */
    REQUIRE,
    /** With a server whose certificate a trusted authority has signed. */
    VERIFY_CA,
    /** With the server of that name, and no other. */
    VERIFY_FULL
  }

  /** Who the node is to PostgreSQL; an empty password where the server asks for none. */
  public record Login(String user, String password) {
    @Override
    public String toString() {
      return "Login[user=" + user + "]";
    }
  }
}
