package dev.ahjo.config.node;

import static dev.ahjo.config.node.NodeReader.ANY_PORT;
import static dev.ahjo.config.node.NodeReader.loopback;
import static dev.ahjo.config.node.NodeReader.wildcard;

import dev.ahjo.config.NodeSettings.Listen;
import dev.ahjo.config.NodeSettings.Role;
import dev.ahjo.config.NodeSettings.Seeds;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Value;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Refuses settings of nodes that would not find each other, or wait for each other for ever. */
final class OneCluster {
  private OneCluster() {}

  /** What would look like a cluster, and be several nodes that know nothing of each other. */
  static void refuseWhatCantBe(Fields f, Listen cluster, Seeds seeds, Set<Role> roles) {
    boolean alone = seeds instanceof Seeds.Alone;
    boolean shared = f.get("storage").map(Value::isMapping).orElse(false);
    boolean embedded = f.get("storage").map(v -> v.found().equals("'embedded'")).orElse(true);
    if (shared && alone && f.get("seeds").isEmpty()) {
      f.get("storage")
          .orElseGet(f::at)
          .error(
              "storage: nodes that share a database and know nothing of each other would both write"
                  + " its journal; expected seeds as well, if only this node's own HOST:PORT");
    }
    if (!alone && embedded) {
      f.get("seeds")
          .orElseGet(f::at)
          .error(
              "seeds: several nodes can't share the embedded storage, which is in one node's data"
                  + " folder; expected storage: {cassandra: ...} or {postgresql: ...} as well");
    }
    if (embedded && roles.size() < Role.values().length) {
      f.get("roles")
          .orElseGet(f::at)
          .error(
              "roles: a node on the embedded storage is alone; expected all of engine, gate, web");
    }
    if (!alone && cluster.port() == ANY_PORT) {
      f.get("listen")
          .orElseGet(f::at)
          .error("listen.port: expected one that the other nodes know, but found 0");
    }
    switch (seeds) {
      case Seeds.Alone _ -> {}
      case Seeds.Named(String dns, _, _) -> refuseLoopback(f, cluster, "of " + dns, dns);
      case Seeds.Listed(var places) -> listed(f, cluster, places, roles);
    }
  }

  private static void listed(Fields f, Listen cluster, List<Seeds.Place> places, Set<Role> roles) {
    Seeds.Place self = new Seeds.Place(cluster.advertise().orElse(cluster.host()), cluster.port());
    boolean engine = roles.contains(Role.ENGINE);
    if (!engine && places.contains(self)) {
      f.get("roles")
          .orElseGet(f::at)
          .error(
              "roles: this node is one of the seeds, which must be engines: a cluster is active"
                  + " only with more than half of them");
    }
    if (wildcard(cluster.host()) && cluster.advertise().isEmpty()) {
      f.get("listen")
          .orElseGet(f::at)
          .error(
              "listen.advertise: expected the address by which the seeds know this node, since "
                  + cluster.host()
                  + " is none");
      return;
    }
    Optional<Seeds.Place> elsewhere =
        places.stream().filter(place -> !loopback(place.host())).findFirst();
    if (elsewhere.isPresent() && loopback(self.host())) {
      refuseLoopback(f, cluster, "such as the seed " + elsewhere.get().host(), "");
    } else if (engine && cluster.port() != ANY_PORT && !places.contains(self)) {
      f.get("seeds")
          .orElseGet(f::at)
          .error(
              "seeds: expected "
                  + self.host()
                  + ":"
                  + self.port()
                  + " among them, as this node is known (listen.advertise or host, and port), since"
                  + " it is an engine; engines that no seed names form no cluster");
    }
  }

  private static void refuseLoopback(Fields f, Listen cluster, String others, String name) {
    String self = cluster.advertise().orElse(cluster.host());
    if (loopback(self) && !loopback(name)) {
      f.get("listen")
          .orElseGet(() -> f.get("seeds").orElseGet(f::at))
          .error("listen.host: " + self + " can't be reached from other machines " + others);
    }
  }
}
