package dev.ahjo.cli;

import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * Whom to believe that he is the node that was dialled.
 *
 * @param authority PEM of the one that must have signed its certificate; the system's authorities
 *     when it is not there
 */
public record Trust(Optional<Path> authority) {
  public static final Trust SYSTEM = new Trust(Optional.empty());

  /** What connections are made with; empty for the system's own. Wrong use names the option. */
  public Optional<SSLContext> context() {
    return authority.map(file -> {
      try {
        return TlsFiles.trusting(file);
      } catch (IOException unreadable) {
        throw new CommandFailed(Exit.USAGE, "--ca: " + unreadable.getMessage(), unreadable);
      }
    });
  }
}
