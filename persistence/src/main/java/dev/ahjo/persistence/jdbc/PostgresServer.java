package dev.ahjo.persistence.jdbc;

import java.io.IOException;
import java.net.ConnectException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Collectors;

/** How PostgreSQL is reached, and what each of our sessions asks of it. */
public final class PostgresServer {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /** A server that has not answered for so long is gone. Longer than it may take over anything. */
  private static final Duration SILENCE = Duration.ofSeconds(15);

  /** What takes longer is given up by the server itself, before we look whether it has happened. */
  private static final Duration STATEMENT = Duration.ofSeconds(10);

  /** A node that hangs in the middle of a transaction must not hold up the others for longer. */
  private static final Duration IDLE_IN_TRANSACTION = Duration.ofSeconds(10);

  private final PostgresSettings settings;
  private final String node;

  /**
   * @param node the node's name, by which its sessions are known to an administrator
   */
  public PostgresServer(PostgresSettings settings, String node) {
    this.settings = settings;
    this.node = node;
  }

  /** The schema of all that is precious. */
  public String schema() {
    return settings.schema();
  }

  /** Opens a session that commits by itself, and finds its tables in {@code schema}. */
  public Connection connect(String schema) throws SQLException {
    Properties ask = properties(schema);
    ask.setProperty("socketTimeout", Long.toString(SILENCE.toSeconds()));
    ask.setProperty(
        "options",
        "-c statement_timeout=%d -c idle_in_transaction_session_timeout=%d -c default_transaction_isolation=read\\ committed"
            .formatted(STATEMENT.toMillis(), IDLE_IN_TRANSACTION.toMillis()));
    return DriverManager.getConnection(url(), ask);
  }

  /** Opens a session that may take its time, to make tables. */
  public Connection connectPatiently() throws SQLException {
    return DriverManager.getConnection(url(), properties(settings.schema()));
  }

  private String url() {
    return "jdbc:postgresql://"
        + settings.servers().stream()
            .map(s -> (s.host().contains(":") ? "[" + s.host() + "]" : s.host()) + ":" + s.port())
            .collect(Collectors.joining(","))
        + "/";
  }

  private Properties properties(String schema) {
    var ask = new Properties();
    ask.setProperty("PGDBNAME", settings.database());
    ask.setProperty("user", settings.login().user());
    ask.setProperty("password", settings.login().password());
    ask.setProperty("currentSchema", schema);
    ask.setProperty("ApplicationName", "ahjo " + node);
    // Of several servers the one that is not a standby: after a failover it is another.
    ask.setProperty("targetServerType", "primary");
    ask.setProperty("connectTimeout", Long.toString(CONNECT.toSeconds()));
    ask.setProperty("loginTimeout", Long.toString(SILENCE.toSeconds()));
    ask.setProperty("tcpKeepAlive", "true");
    ask.setProperty("sslmode", settings.tls().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    if (settings.authority().isPresent()) {
      ask.setProperty("sslrootcert", settings.authority().get().toString());
    } else if (settings.tls() != PostgresSettings.Tls.DISABLE
        && settings.tls() != PostgresSettings.Tls.REQUIRE) {
      ask.setProperty("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
    }
    return ask;
  }

  /**
   * What went wrong, as a start is told it: a {@link ConnectException} when it may go better later.
   *
   * @param what what could not be done here, as in "can't be read"
   */
  public IOException failed(String what, SQLException why) {
    return PostgresRefusal.of(what, why, settings.servers().size());
  }

  /** Says that the server does not do what it is asked for now: later it may. */
  public static ConnectException away(String what, Throwable cause) {
    var away = new ConnectException(what);
    away.initCause(cause);
    return away;
  }

  /** As messages name it. */
  @Override
  public String toString() {
    return "PostgreSQL at "
        + settings.servers().stream()
            .map(s -> s.host() + ":" + s.port())
            .collect(Collectors.joining(","))
        + ", database "
        + settings.database()
        + ", schema "
        + settings.schema();
  }
}
