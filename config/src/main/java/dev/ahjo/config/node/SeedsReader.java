package dev.ahjo.config.node;

import static java.util.Locale.ROOT;

import dev.ahjo.config.NodeSettings.Seeds;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Value;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads by which nodes a node finds its cluster: {@code [HOST:PORT, ...]}, or {@code {dns: NAME,
 * nodes: N}}. What can't be read counts as none.
 */
final class SeedsReader {
  private static final int MAX_NODES = 100;

  private static final Pattern PLACE =
      Pattern.compile(
          "(?<host>[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\\[[0-9A-Fa-f:.]+])(:(?<port>[0-9]{1,5}))?");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,252}");

  private final int usualPort;

  SeedsReader(int usualPort) {
    this.usualPort = usualPort;
  }

  Seeds read(Value value) {
    if (!value.isMapping()) {
      return listed(value);
    }
    try (Fields f = value.fields("seeds").orElseThrow()) {
      Optional<String> name =
          f.require("dns").flatMap(v -> v.text("a name of DNS", NAME.asMatchPredicate()));
      int port = f.get("port").map(v -> v.integer(1, 65_535).orElse(usualPort)).orElse(usualPort);
      Optional<Integer> nodes = f.require("nodes").map(v -> v.integer(1, MAX_NODES).orElse(1));
      return name.<Seeds>flatMap(n -> nodes.map(count -> new Seeds.Named(n, port, count)))
          .orElse(new Seeds.Alone());
    }
  }

  private Seeds listed(Value value) {
    if (value.isEmptyList()) {
      value.error("seeds: expected at least one HOST:PORT, but found an empty list");
    }
    List<Seeds.Place> places =
        value.list(
            MAX_NODES, v -> v.parsed("HOST or HOST:PORT (an IPv6 address in [])", this::place));
    return places.isEmpty() ? new Seeds.Alone() : new Seeds.Listed(places);
  }

  private Optional<Seeds.Place> place(String text) {
    Matcher found = PLACE.matcher(text);
    if (!found.matches()) {
      return Optional.empty();
    }
    int port = Optional.ofNullable(found.group("port")).map(Integer::valueOf).orElse(usualPort);
    String host = found.group("host");
    return port >= 1 && port <= 65_535
        ? Optional.of(new Seeds.Place(host.startsWith("[") ? host.toLowerCase(ROOT) : host, port))
        : Optional.empty();
  }
}
