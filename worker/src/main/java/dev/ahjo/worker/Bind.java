package dev.ahjo.worker;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a gate dials back to an agent that came by remoting.
 *
 * @param host a name or an address of this machine; IPv6 in brackets
 * @param port 0 for one that the system chooses at each start
 */
public record Bind(String host, int port) {
  /** Reached from this machine only. */
  public static final Bind LOOPBACK = new Bind("127.0.0.1", 0);

  private static final Pattern FORM =
      Pattern.compile("(\\[[0-9A-Fa-f:.%]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");

  private static final int LAST_PORT = 65_535;

  /**
   * Reads {@code HOST} or {@code HOST:PORT}.
   *
   * @throws IllegalArgumentException telling the form
   */
  public static Bind parse(String text) {
    Matcher form = FORM.matcher(text);
    if (form.matches()) {
      int port = form.group(2) == null ? 0 : Integer.parseInt(form.group(2));
      if (port <= LAST_PORT) {
        return new Bind(form.group(1), port);
      }
    }
    throw new IllegalArgumentException(
        "expected HOST or HOST:PORT, an IPv6 address in brackets, but found '" + text + "'");
  }

  @Override
  public String toString() {
    return port == 0 ? host : host + ":" + port;
  }
}
