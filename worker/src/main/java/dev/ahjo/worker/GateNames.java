package dev.ahjo.worker;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names by which one gate may know itself. Remoting drops in silence what is addressed to any
 * other than the one, and who joins "localhost" need not know that the gate says "127.0.0.1". So a
 * name that stays without an answer is followed by the next; one that was answered is kept.
 */
final class GateNames {
  /** Of one gate; each more makes the others' turn come later. */
  static final int MOST = 5;

  /** Hellos to one name before the next: a gate that is slow must not look like another's. */
  private static final int TRIES = 2;

  /** Hellos for which a name that was answered once is believed, whatever is not answered. */
  private static final int STEADFAST = 10;

  private static final String LOCALHOST = "localhost";
  private static final String LOOPBACK = "127.0.0.1";

  private final String told;
  private final List<String> names;
  private @Nullable String proved;
  private boolean looked;
  private final Duration patience;
  private int tried;
  private long silentSince;

  /**
   * @param told as people wrote it
   * @param patience silence that says something about the names, and not about the gate's haste
   */
  GateNames(String told, Duration patience) {
    this.told = told;
    this.patience = patience;
    this.names = new ArrayList<>(atHand(told));
  }

  /** What needs no looking up. A gate that is told nothing says 127.0.0.1, so that comes first. */
  private static List<String> atHand(String told) {
    return told.equals(LOCALHOST) ? List.of(LOOPBACK, LOCALHOST) : List.of(told);
  }

  String told() {
    return told;
  }

  /** By which the next Hello is to go, which goes now. */
  String next(long nanos) {
    if (tried == 0) {
      silentSince = nanos;
    }
    String name =
        proved != null && tried < STEADFAST ? proved : names.get(tried / TRIES % names.size());
    tried++;
    return name;
  }

  /** The gate has said something to who called it so. */
  void answered(String name) {
    proved = name;
    tried = 0;
  }

  /** Whether no name has been answered since each had its turn. */
  private boolean exhausted() {
    int turns = names.size() * TRIES;
    return tried > (proved == null ? turns : STEADFAST + turns);
  }

  /** Whether it is time to look for more names: true once. */
  boolean wantsMore() {
    boolean now = exhausted() && !looked;
    looked |= now;
    return now;
  }

  /** Whether all names have been tried for so long that people should know. */
  boolean atAnEnd(long nanos) {
    return exhausted() && looked && nanos - silentSince >= patience.toNanos();
  }

  /** Adds what {@link #look} has found. */
  void learn(List<String> found) {
    Set<String> all = new LinkedHashSet<>(names);
    all.addAll(found);
    names.clear();
    all.stream().limit(MOST).forEach(names::add);
  }

  List<String> all() {
    return List.copyOf(names);
  }

  /**
   * What else the machine is called. Asks name servers, which may take its time; finds nothing when
   * these know nothing.
   */
  static List<String> look(String host) {
    Set<String> found = new LinkedHashSet<>();
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        found.add(literal(address));
        found.add(address.getCanonicalHostName());
        if (address.isLoopbackAddress()) {
          found.add(LOOPBACK);
          found.add(LOCALHOST);
        }
      }
    } catch (UnknownHostException unknown) {
      return List.of();
    }
    return List.copyOf(found);
  }

  private static String literal(InetAddress address) {
    String text = address.getHostAddress().replaceAll("%.*", "");
    return text.contains(":") ? "[" + text + "]" : text;
  }
}
