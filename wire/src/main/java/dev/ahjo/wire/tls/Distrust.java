package dev.ahjo.wire.tls;

import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why a handshake came to nothing, for the person who dialled: Java tells it to its makers. */
public final class Distrust {
  /** Causes have causes; nobody needs more of them than this. */
  private static final int DEPTH = 20;

  /** Java says it in two ways. */
  private static final Pattern NO_TLS = Pattern.compile("(?i)unrecognized SSL message");

  private Distrust() {}

  /**
   * What is wrong, and what to do about it; empty when it is nothing of TLS, or nothing known.
   *
   * @param broken what the connection ended with
   * @param dialled the address, as the person knows it
   * @param authority the file that says whom to trust, if one was named
   */
  public static Optional<String> told(Throwable broken, String dialled, Optional<Path> authority) {
    boolean path = false;
    @Nullable Throwable cause = broken;
    for (int i = 0; cause != null && i < DEPTH; i++, cause = cause.getCause()) {
      String why = String.valueOf(cause.getMessage());
      if (cause instanceof CertificateExpiredException
          || cause instanceof CertificateNotYetValidException) {
        return Optional.of(
            "the certificate of " + dialled + " is not valid now, or this clock is wrong: " + why);
      }
      if (cause instanceof CertificateException && why.startsWith("No ")) {
        return Optional.of(
            "the certificate of "
                + dialled
                + " is for other names ("
                + why
                + "): dial it by one of them, or make it one for this name, too (`ahjo cert server"
                + " NAME --host ...`)");
      }
      if (cause instanceof SSLException && NO_TLS.matcher(why).find()) {
        return Optional.of(dialled + " does not speak TLS: its address begins with http or ws");
      }
      path |=
          cause instanceof CertPathBuilderException || cause instanceof CertPathValidatorException;
    }
    return path
        ? Optional.of(
            "the certificate of "
                + dialled
                + authority
                    .map(file -> " is not of the authority in " + file)
                    .orElse(" is of no authority that is trusted here: name it with --ca FILE"))
        : Optional.empty();
  }
}
