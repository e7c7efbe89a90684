package dev.ahjo.persistence.jdbc;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.sql.SQLException;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Why PostgreSQL does not let this node in, in the words of its settings. Some of it passes: a
 * server that is away comes back, a certificate that has expired is renewed. Some does not: a
 * password that is wrong stays wrong, however often it is shown.
 */
final class PostgresRefusal {
  private PostgresRefusal() {}

  /**
   * What a start is told: a {@link java.net.ConnectException} if it may pass.
   *
   * @param what what could not be done
   * @param servers how many were tried; the driver tells of the last alone, so of several it is not
   *     known that each refuses
   */
  static IOException of(String what, SQLException why, int servers) {
    String message = what + ": " + why.getMessage();
    if (expired(why)) {
      return PostgresServer.away(message + " (its certificate is not valid now)", why);
    }
    if (caused(why, EOFException.class) || caused(why, SocketException.class)) {
      // Also in the middle of TLS's first words.
      return PostgresServer.away(message, why);
    }
    Optional<String> setting = setting(why);
    if (setting.isPresent()) {
      String told = message + " (see storage.postgresql." + setting.get() + ")";
      return servers > 1 ? PostgresServer.away(told, why) : new IOException(told, why);
    }
    return Connections.lost(why)
        ? PostgresServer.away(message, why)
        : new IOException(message, why);
  }

  /** Which is wrong, if that is what it is. */
  private static Optional<String> setting(SQLException why) {
    String said = String.valueOf(why.getMessage());
    if (said.contains("PKIX path")) {
      return Optional.of("tls.authority: the server's certificate is of another authority");
    }
    if (said.contains("hostnameverifier") || said.contains("hostname verif")) {
      return Optional.of("servers: the certificate is another server's");
    }
    if (said.contains("does not support SSL")
        || said.contains("no encryption")
        || said.contains("SSL root certificate")
        || caused(why, SSLException.class)) {
      return Optional.of("tls");
    }
    return switch (String.valueOf(why.getSQLState())) {
      case "28P01", "28000" -> Optional.of("login");
      case "3D000" -> Optional.of("database");
      case "42501" -> Optional.of("login: its user may not");
      default -> Optional.empty();
    };
  }

  private static boolean expired(SQLException why) {
    return caused(why, CertificateExpiredException.class)
        || caused(why, CertificateNotYetValidException.class);
  }

  private static boolean caused(Throwable error, Class<? extends Throwable> by) {
    for (@Nullable Throwable why = error; why != null; why = why.getCause()) {
      if (by.isInstance(why)) {
        return true;
      }
    }
    return false;
  }
}
