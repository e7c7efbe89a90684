package dev.ahjo.config.node;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.NodeSettings.Limits;
import dev.ahjo.config.NodeSettings.Listen;
import dev.ahjo.config.NodeSettings.Role;
import dev.ahjo.config.NodeSettings.Seeds;
import dev.ahjo.config.NodeSettings.Storage;
import dev.ahjo.config.NodeSettings.Tls;
import dev.ahjo.config.project.Amounts;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.id.Names;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads a node's settings and refuses those that would let strangers in. */
public final class NodeReader {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int ANY_PORT = 0;
  private static final int HTTP_PORT = 8010;
  private static final int GATE_PORT = 8011;
  private static final int CLUSTER_PORT = 8012;
  private static final Limits USUAL = new Limits(Duration.ofDays(90), 50_000_000_000L);

  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,252})|\\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*]?");

  private static final Map<String, Role> ROLES = new LinkedHashMap<>();

  static {
    ROLES.put("engine", Role.ENGINE);
    ROLES.put("gate", Role.GATE);
    ROLES.put("web", Role.WEB);
  }

  private final Path folder;

  /**
   * @param folder to which paths are relative
   */
  public NodeReader(Path folder) {
    this.folder = folder;
  }

  /** The settings; what is wrong is told where {@code root}'s problems are. */
  public Optional<NodeSettings> read(Value root) {
    Optional<Fields> fields = root.fields("node settings");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      Optional<String> name =
          f.require("name")
              .flatMap(
                  v -> v.text("a name of letters, digits and . _ + - (at most 100)", Names::valid));
      Set<Role> roles = f.get("roles").map(NodeReader::roles).orElse(EnumSet.allOf(Role.class));
      Listen cluster = listen(f, "listen", CLUSTER_PORT, Optional.empty());
      Listen http = listen(f, "http", HTTP_PORT, Optional.of("admin_tokens"));
      Listen gate = listen(f, "gate", GATE_PORT, Optional.of("worker_tokens"));
      distinct(f, List.of(cluster, http, gate));
      Seeds seeds =
          f.get("seeds").map(v -> new SeedsReader(CLUSTER_PORT).read(v)).orElse(new Seeds.Alone());
      Optional<Path> data = f.require("data").flatMap(this::path);
      Optional<Path> projects = f.get("projects").flatMap(this::path);
      Storage storage =
          f.get("storage").map(new StorageReader(this::path)::read).orElse(new Storage.Embedded());
      Limits limits = f.get("limits").map(NodeReader::limits).orElse(USUAL);
      refuseWhatCantBeOneCluster(f, cluster, seeds, roles);
      Optional<Path> workerTokens = f.get("worker_tokens").flatMap(this::path);
      Optional<Path> adminTokens = f.get("admin_tokens").flatMap(this::path);
      return name.flatMap(n ->
          data.map(d ->
              new NodeSettings(
                  n,
                  roles,
                  cluster,
                  http,
                  gate,
                  seeds,
                  d,
                  projects.orElseGet(() -> d.resolve("projects")),
                  storage,
                  limits,
                  workerTokens,
                  adminTokens)));
    }
  }

  private static Set<Role> roles(Value value) {
    List<Role> roles = value.list(10, v -> v.oneOf(ROLES));
    if (value.isEmptyList()) {
      value.error("roles: expected at least one of engine, gate, web, but found an empty list");
    }
    return roles.isEmpty() ? EnumSet.allOf(Role.class) : EnumSet.copyOf(roles);
  }

  /**
   * An address, guarded by TLS and the tokens of {@code tokens} unless it is loopback. Names are
   * not looked up: what is not plainly loopback counts as public.
   */
  private Listen listen(Fields settings, String key, int port, Optional<String> tokens) {
    Optional<Fields> fields = settings.get(key).flatMap(v -> v.fields(key));
    if (fields.isEmpty()) {
      return new Listen(LOOPBACK, port, Optional.empty());
    }
    try (Fields f = fields.get()) {
      Optional<Value> host = f.get("host");
      String address =
          host.flatMap(v -> v.text("a host name or address", HOST.asMatchPredicate()))
              .orElse(LOOPBACK);
      int number = f.get("port").map(v -> v.integer(0, 65_535).orElse(ANY_PORT)).orElse(port);
      Optional<Tls> tls = f.get("tls").flatMap(this::tls);
      if (key.equals("listen") && tls.isPresent() && tls.get().authority().isEmpty()) {
        f.get("tls")
            .orElseGet(f::at)
            .error(
                "listen.tls: expected the authority as well that has signed the masters'"
                    + " certificates, and nothing else");
      }
      Optional<String> advertise =
          key.equals("http")
              ? Optional.empty()
              : f.get("advertise")
                  .flatMap(v -> v.text("a host name or address", HOST.asMatchPredicate()));
      if (key.equals("gate") && wildcard(address) && advertise.isEmpty()) {
        host.orElseGet(f::at)
            .error(
                "gate.advertise: expected the name or address that workers dial, since "
                    + address
                    + " is none; a gate hears only who calls it by its name");
      }
      if (!loopback(address)) {
        refuseUnguarded(settings, key, f, host.orElseGet(f::at), tokens);
      }
      return new Listen(address, number, tls, advertise);
    }
  }

  /** What would look like a cluster, and be several nodes that know nothing of each other. */
  private static void refuseWhatCantBeOneCluster(
      Fields f, Listen cluster, Seeds seeds, Set<Role> roles) {
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
    if (alone) {
      return;
    }
    if (cluster.port() == ANY_PORT) {
      f.get("listen")
          .orElseGet(f::at)
          .error("listen.port: expected one that the other nodes know, but found 0");
    }
    if (seeds instanceof Seeds.Listed(var places)) {
      String self = cluster.advertise().orElse(cluster.host());
      if (!roles.contains(Role.ENGINE)
          && places.stream().anyMatch(p -> p.host().equals(self) && p.port() == cluster.port())) {
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
      }
      places.stream()
          .filter(place -> loopback(cluster.host()) && !loopback(place.host()))
          .findFirst()
          .ifPresent(place ->
              f.get("listen")
                  .orElseGet(f::at)
                  .error(
                      "listen.host: "
                          + cluster.host()
                          + " can't be reached from other machines such as the seed "
                          + place.host()));
    }
  }

  private static void refuseUnguarded(
      Fields settings, String key, Fields f, Value host, Optional<String> tokens) {
    List<String> missing = new ArrayList<>();
    if (f.get("tls").isEmpty()) {
      missing.add(key + ".tls");
    }
    tokens.filter(t -> settings.get(t).isEmpty()).ifPresent(missing::add);
    if (!missing.isEmpty()) {
      host.error(
          key
              + ".host: "
              + host.found()
              + " is open to other machines; expected "
              + String.join(" and ", missing)
              + " as well, or a loopback address such as "
              + LOOPBACK);
    }
  }

  /** All addresses of the machine: one can listen there, but not be dialled. */
  private static boolean wildcard(String host) {
    return Set.of("0.0.0.0", "::", "[::]").contains(host);
  }

  static boolean loopback(String host) {
    return host.equals("localhost")
        || host.equals("::1")
        || host.equals("[::1]")
        || host.matches("127(\\.[0-9]{1,3}){3}");
  }

  private Optional<Tls> tls(Value value) {
    Optional<Fields> fields = value.fields("tls");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      Optional<Path> certificate = f.require("certificate").flatMap(this::path);
      Optional<Path> key = f.require("key").flatMap(this::path);
      Optional<Path> authority = f.get("authority").flatMap(this::path);
      return certificate.flatMap(c -> key.map(k -> new Tls(c, k, authority)));
    }
  }

  private static void distinct(Fields f, List<Listen> all) {
    List<String> addresses =
        all.stream().filter(l -> l.port() != ANY_PORT).map(l -> l.host() + ":" + l.port()).toList();
    if (addresses.stream().distinct().count() < addresses.size()) {
      f.at()
          .error(
              "expected different addresses for listen, http and gate, but found "
                  + String.join(", ", addresses));
    }
  }

  private Optional<Path> path(Value value) {
    return value.parsed(
        "a path",
        text -> {
          try {
            return text.isBlank()
                ? Optional.empty()
                : Optional.of(folder.resolve(text).normalize());
          } catch (InvalidPathException notAPath) {
            return Optional.empty();
          }
        });
  }

  private static Limits limits(Value value) {
    Optional<Fields> fields = value.fields("limits");
    if (fields.isEmpty()) {
      return USUAL;
    }
    try (Fields f = fields.get()) {
      return new Limits(
          f.get("log_age").flatMap(Amounts::duration).orElse(USUAL.logAge()),
          f.get("log_size")
              .flatMap(v -> Amounts.size(v, 1_000_000_000_000_000L))
              .orElse(USUAL.logSize()));
    }
  }
}
