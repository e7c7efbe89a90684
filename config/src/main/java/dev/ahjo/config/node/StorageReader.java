package dev.ahjo.config.node;

import dev.ahjo.config.NodeSettings.Storage;
import dev.ahjo.config.NodeSettings.Storage.Cassandra;
import dev.ahjo.config.NodeSettings.Storage.Certificate;
import dev.ahjo.config.NodeSettings.Storage.ClientTls;
import dev.ahjo.config.NodeSettings.Storage.ContactPoint;
import dev.ahjo.config.NodeSettings.Storage.Embedded;
import dev.ahjo.config.NodeSettings.Storage.Login;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads where a node keeps what it must not lose: {@code embedded}, {@code cassandra: {…}} or
 * {@code postgresql: {…}}. What can't be read counts as embedded, so that the rest of the file is
 * still looked at.
 */
final class StorageReader {
  private static final int CQL_PORT = 9042;
  private static final int MAX_CONTACT_POINTS = 100;
  private static final int MAX_REPLICATION = 15;
  private static final String KEYSPACE = "ahjo";
  private static final String KINDS = "embedded, or a mapping with the key cassandra or postgresql";

  /** What Cassandra's own snitches call the only datacenter there is. */
  private static final String DATACENTER = "datacenter1";

  private static final Pattern CONTACT_POINT =
      Pattern.compile(
          "(?<host>[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\\[[0-9A-Fa-f:.]+])(:(?<port>[0-9]{1,5}))?");

  /** What stands in CQL without quotes. */
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,47}");

  private static final Pattern DATACENTER_NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");

  private final Function<Value, Optional<Path>> path;

  /**
   * @param path reads a file's name
   */
  StorageReader(Function<Value, Optional<Path>> path) {
    this.path = path;
  }

  Storage read(Value value) {
    if (!value.isMapping()) {
      value
          .text(KINDS)
          .filter(text -> !text.equals("embedded"))
          .ifPresent(text ->
              value.error("storage: expected " + KINDS + ", but found " + Shown.quoted(text)));
      return new Embedded();
    }
    try (Fields f = value.fields("storage").orElseThrow()) {
      Optional<Value> cassandra = f.get("cassandra");
      Optional<Value> postgresql = f.get("postgresql");
      if (cassandra.isPresent() == postgresql.isPresent()) {
        value.error(
            "storage: expected one of the keys cassandra, postgresql, but found "
                + (cassandra.isPresent() ? "both" : "neither"));
      }
      return cassandra
          .flatMap(this::cassandra)
          .or(() -> postgresql.flatMap(new PostgresqlReader(path)::read))
          .orElse(new Embedded());
    }
  }

  private Optional<Storage> cassandra(Value value) {
    Optional<Fields> fields = value.fields("cassandra");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      List<ContactPoint> points =
          f.require("contact_points")
              .map(v -> servers(v, "contact_points", CQL_PORT))
              .orElse(List.of());
      String datacenter =
          f.get("datacenter")
              .flatMap(v -> v.text("the name of a datacenter", DATACENTER_NAME.asMatchPredicate()))
              .orElse(DATACENTER);
      String keyspace =
          f.get("keyspace")
              .flatMap(v ->
                  v.text(
                      "a name of small letters, digits and _ (at most 48)",
                      NAME.asMatchPredicate()))
              .orElse(KEYSPACE);
      int replication =
          f.get("replication").map(v -> v.integer(1, MAX_REPLICATION).orElse(3)).orElse(3);
      boolean create = f.get("create").flatMap(Value::truth).orElse(false);
      Optional<Login> login = f.get("login").flatMap(this::login);
      Optional<ClientTls> tls = f.get("tls").flatMap(this::tls);
      return Optional.of(
          new Cassandra(points, datacenter, keyspace, replication, create, login, tls));
    }
  }

  /** Addresses of servers, without a port the usual one. */
  static List<ContactPoint> servers(Value value, String key, int usual) {
    if (value.isEmptyList()) {
      value.error(key + ": expected at least one server, but found an empty list");
    }
    return value.list(
        MAX_CONTACT_POINTS,
        v ->
            v.parsed(
                "HOST or HOST:PORT (an IPv6 address in [])", text -> contactPoint(text, usual)));
  }

  private static Optional<ContactPoint> contactPoint(String text, int usual) {
    Matcher found = CONTACT_POINT.matcher(text);
    if (!found.matches()) {
      return Optional.empty();
    }
    int port = Optional.ofNullable(found.group("port")).map(Integer::valueOf).orElse(usual);
    return port >= 1 && port <= 65_535
        ? Optional.of(new ContactPoint(found.group("host").replaceAll("[\\[\\]]", ""), port))
        : Optional.empty();
  }

  private Optional<Login> login(Value value) {
    Optional<Fields> fields = value.fields("login");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      Optional<String> user = f.require("user").flatMap(Value::text);
      Optional<Path> password = f.require("password_file").flatMap(path);
      return user.flatMap(u -> password.map(p -> new Login(u, p)));
    }
  }

  private Optional<ClientTls> tls(Value value) {
    Optional<Fields> fields = value.fields("tls");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      Optional<Path> authority = f.require("authority").flatMap(path);
      Optional<Path> certificate = f.get("certificate").flatMap(path);
      Optional<Path> key = f.get("key").flatMap(path);
      if (f.get("certificate").isPresent() != f.get("key").isPresent()) {
        value.error("tls: expected certificate and key together, or neither of them");
      }
      return authority.map(
          a -> new ClientTls(a, certificate.flatMap(c -> key.map(k -> new Certificate(c, k)))));
    }
  }
}
