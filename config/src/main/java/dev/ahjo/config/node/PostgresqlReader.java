package dev.ahjo.config.node;

import dev.ahjo.config.NodeSettings.Storage.ContactPoint;
import dev.ahjo.config.NodeSettings.Storage.Password;
import dev.ahjo.config.NodeSettings.Storage.Postgresql;
import dev.ahjo.config.NodeSettings.Storage.TlsMode;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Value;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Reads {@code postgresql: {…}}. Nothing goes in the clear to another machine unless somebody says
 * so.
 */
final class PostgresqlReader {
  private static final int PORT = 5432;
  private static final String NAME = "ahjo";

  /** What stands in SQL without quotes; read tables are in schemas named after it. */
  private static final Pattern SCHEMA = Pattern.compile("[a-z][a-z0-9_]{0,29}");

  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** As long as PostgreSQL's names may be. */
  private static final Predicate<String> ANY_NAME =
      name -> !name.isEmpty() && name.length() <= 63 && name.chars().noneMatch(c -> c < ' ');

  private static final Map<String, TlsMode> MODES = new LinkedHashMap<>();

  static {
    MODES.put("verify-full", TlsMode.VERIFY_FULL);
    MODES.put("verify-ca", TlsMode.VERIFY_CA);
    MODES.put("require", TlsMode.REQUIRE);
    MODES.put("disable", TlsMode.DISABLE);
  }

  private final Function<Value, Optional<Path>> path;

  /**
   * @param path reads a file's name
   */
  PostgresqlReader(Function<Value, Optional<Path>> path) {
    this.path = path;
  }

  private record Tls(Optional<TlsMode> mode, Optional<Path> authority) {}

  private record Login(String user, Password password) {}

  Optional<Postgresql> read(Value value) {
    Optional<Fields> fields = value.fields("postgresql");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      List<ContactPoint> servers =
          f.require("servers")
              .map(v -> StorageReader.servers(v, "servers", PORT))
              .orElse(List.of());
      String database =
          f.get("database").flatMap(v -> v.text("a name of a database", ANY_NAME)).orElse(NAME);
      String schema =
          f.get("schema")
              .flatMap(v ->
                  v.text(
                      "a name of small letters, digits and _ (at most 30)",
                      SCHEMA.asMatchPredicate()))
              .orElse(NAME);
      boolean create = f.get("create").flatMap(Value::truth).orElse(false);
      Login login =
          f.get("login").flatMap(this::login).orElse(new Login(NAME, new Password.None()));
      Tls tls = f.get("tls").flatMap(this::tls).orElse(new Tls(Optional.empty(), Optional.empty()));
      boolean near = servers.stream().map(ContactPoint::host).allMatch(NodeReader::loopback);
      return Optional.of(
          new Postgresql(
              servers,
              database,
              schema,
              create,
              login.user(),
              login.password(),
              tls.mode().orElse(near ? TlsMode.DISABLE : TlsMode.VERIFY_FULL),
              tls.authority()));
    }
  }

  private Optional<Login> login(Value value) {
    Optional<Fields> fields = value.fields("login");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      Optional<String> user = f.require("user").flatMap(v -> v.text("a user's name", ANY_NAME));
      Optional<Password> file = f.get("password_file").flatMap(path).map(Password.InFile::new);
      Optional<Password> variable =
          f.get("password_env")
              .flatMap(
                  v -> v.text("the name of an environment variable", VARIABLE.asMatchPredicate()))
              .map(Password.InEnvironment::new);
      if (file.isPresent() && variable.isPresent()) {
        value.error("login: expected password_file or password_env, but found both");
      }
      return user.map(u -> new Login(u, file.or(() -> variable).orElse(new Password.None())));
    }
  }

  private Optional<Tls> tls(Value value) {
    Optional<Fields> fields = value.fields("tls");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      return Optional.of(
          new Tls(f.get("mode").flatMap(v -> v.oneOf(MODES)), f.get("authority").flatMap(path)));
    }
  }
}
