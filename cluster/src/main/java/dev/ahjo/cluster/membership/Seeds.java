package dev.ahjo.cluster.membership;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The nodes by which a node finds its cluster, and of which more than half must agree before they
 * form one.
 */
public sealed interface Seeds {
  /** A place where a node listens for others, as {@code HOST:PORT}. */
  record Place(String host, int port) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byHost = host.compareTo(other.host);
      return byHost != 0 ? byHost : Integer.compare(port, other.port);
    }

    @Override
    public String toString() {
      return host + ":" + port;
    }
  }

  /** How many there are when all are there. */
  int count();

  /**
   * Those known now. May wait for a name server.
   *
   * @throws UnknownHostException when the name server does not know them, or does not answer
   */
  Set<Place> look() throws UnknownHostException;

  /** How many must be of one mind. */
  default int quorum() {
    return count() / 2 + 1;
  }

  /** A node that is alone, and its own seed. */
  record Alone() implements Seeds {
    @Override
    public int count() {
      return 1;
    }

    @Override
    public Set<Place> look() {
      return Set.of();
    }
  }

  /** Named one by one. */
  record Listed(List<Place> places) implements Seeds {
    public Listed {
      places = List.copyOf(places);
    }

    @Override
    public int count() {
      return Set.copyOf(places).size();
    }

    @Override
    public Set<Place> look() {
      return Set.copyOf(places);
    }
  }

  /**
   * All addresses of one name, looked up again each time.
   *
   * @param count how many addresses it has when all nodes are there: a name server tells of those
   *     that it knows, which may be the half that is cut off from the others
   */
  record Named(String name, int port, int count) implements Seeds {
    @Override
    public Set<Place> look() throws UnknownHostException {
      Set<Place> places = new HashSet<>();
      Arrays.stream(InetAddress.getAllByName(name))
          .forEach(address -> places.add(new Place(text(address), port)));
      return Set.copyOf(places);
    }

    static String text(InetAddress address) {
      String text = address.getHostAddress();
      return address instanceof Inet6Address ? "[" + text + "]" : text;
    }
  }
}
