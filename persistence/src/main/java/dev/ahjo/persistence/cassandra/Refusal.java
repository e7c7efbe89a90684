package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.auth.AuthenticationException;
import com.datastax.oss.driver.api.core.connection.ClosedConnectionException;
import com.datastax.oss.driver.api.core.metadata.Node;
import java.io.IOException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Why no server lets this node in, in the words of its settings. Some of it passes: a server that
 * is away comes back, a certificate that has expired is renewed. Some does not: a password that is
 * wrong stays wrong, however often it is shown.
 */
final class Refusal {
  private final CassandraSettings settings;

  /** What one server made of it. */
  private record Heard(String why, boolean passes) {}

  private Refusal(CassandraSettings settings) {
    this.settings = settings;
  }

  /**
   * What a start is told.
   *
   * @return a {@link java.net.ConnectException} if it may pass
   */
  static IOException of(CassandraSettings settings, AllNodesFailedException failed) {
    return new Refusal(settings).told(failed);
  }

  private IOException told(AllNodesFailedException failed) {
    List<String> told = new ArrayList<>();
    boolean passes = failed.getAllErrors().isEmpty();
    for (Map.Entry<Node, List<Throwable>> server : failed.getAllErrors().entrySet()) {
      Heard heard = heard(server.getValue());
      passes |= heard.passes();
      told.add(server.getKey().getEndPoint() + ": " + heard.why());
    }
    String message =
        "No server of Cassandra lets this node in: "
            + (told.isEmpty() ? failed.getMessage() : String.join("; ", told));
    return passes ? CassandraSessions.away(message, failed) : new IOException(message, failed);
  }

  /** Of several errors, what says most. */
  private Heard heard(List<Throwable> errors) {
    for (Throwable error : errors) {
      Optional<Heard> refusal = refusal(error);
      if (refusal.isPresent()) {
        return refusal.get();
      }
    }
    String last = String.valueOf(errors.getLast());
    boolean hungUp =
        settings.tls().isEmpty() && caused(errors.getLast(), ClosedConnectionException.class);
    return new Heard(
        last + (hungUp ? " (does it ask for TLS? See storage.cassandra.tls)" : ""), true);
  }

  private Optional<Heard> refusal(Throwable error) {
    @Nullable SSLException tls = null;
    for (@Nullable Throwable why = error; why != null; why = why.getCause()) {
      if (why instanceof AuthenticationException) {
        return Optional.of(login(String.valueOf(why.getMessage())));
      }
      if (why instanceof CertificateExpiredException
          || why instanceof CertificateNotYetValidException) {
        return Optional.of(
            new Heard("its certificate is not valid now: " + why.getMessage(), true));
      }
      tls = why instanceof SSLException found ? found : tls;
    }
    return Optional.ofNullable(tls).map(why -> tls(String.valueOf(why.getMessage())));
  }

  /** A server that can't read who may come in says so by the same error as one that knows. */
  private static Heard login(String said) {
    return new Heard(
        said + " (see storage.cassandra.login)", said.contains("Unable to perform authentication"));
  }

  private Heard tls(String said) {
    String where =
        said.contains("PKIX path")
            ? "its certificate is of another authority (see storage.cassandra.tls.authority)"
            : said.contains("No subject alternative") || said.contains("No name matching")
                ? "its certificate is another server's (see storage.cassandra.contact_points)"
                : said.contains("fatal alert")
                    ? "it does not believe this node (see storage.cassandra.tls.certificate)"
                    : "it can't be spoken to by TLS (see storage.cassandra.tls)";
    return new Heard(where + ": " + said, false);
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
