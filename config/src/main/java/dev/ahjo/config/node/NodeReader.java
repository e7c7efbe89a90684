package dev.ahjo.config.node;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.NodeSettings.Callers;
import dev.ahjo.config.NodeSettings.Limits;
import dev.ahjo.config.NodeSettings.Listen;
import dev.ahjo.config.NodeSettings.Role;
import dev.ahjo.config.NodeSettings.Seeds;
import dev.ahjo.config.NodeSettings.Storage;
import dev.ahjo.config.NodeSettings.Tls;
import dev.ahjo.config.project.Amounts;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.id.Names;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads a node's settings, once, and refuses those that would let strangers in. */
public final class NodeReader {
  private static final String LOOPBACK = "127.0.0.1";
  static final int ANY_PORT = 0;
  private static final int HTTP_PORT = 8010;
  private static final int GATE_PORT = 8011;
  private static final int CLUSTER_PORT = 8012;
  private static final Limits USUAL = new Limits(Duration.ofDays(90), 50_000_000_000L);

  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,252})|\\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*]?");

  /** Further names by which a node is called. */
  private static final int MAX_NAMES = 100;

  private static final Map<String, Boolean> READS = new LinkedHashMap<>();

  private static final Map<String, Role> ROLES = new LinkedHashMap<>();

  static {
    READS.put("open", false);
    READS.put("token", true);
    ROLES.put("engine", Role.ENGINE);
    ROLES.put("gate", Role.GATE);
    ROLES.put("web", Role.WEB);
  }

  private final Path folder;
  private final Machine machine;
  private Callers callers = Callers.ALL;

  /**
   * @param folder to which paths are relative
   * @param machine from which a name and addresses may be taken
   */
  public NodeReader(Path folder, Machine machine) {
    this.folder = folder;
    this.machine = machine;
  }

  /** The settings; what is wrong is told where {@code root}'s problems are. */
  public Optional<NodeSettings> read(Value root) {
    Optional<Fields> fields = root.fields("node settings");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      Optional<String> name = name(f);
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
      OneCluster.refuseWhatCantBe(f, cluster, seeds, roles);
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
                  adminTokens,
                  callers)));
    }
  }

  /** A node's name; its machine's if none is given, so that one file serves several machines. */
  private Optional<String> name(Fields f) {
    String expected = "a name of letters, digits and . _ + - (at most 100)";
    Optional<Value> given = f.get("name");
    if (given.isPresent()) {
      return given.flatMap(v -> here(v, expected, Names::valid));
    }
    Optional<String> machines = machine.name().filter(Names::valid);
    if (machines.isEmpty()) {
      f.at()
          .error(
              "expected the key 'name' in node settings, since the machine's own is no name: "
                  + machine.name().map(Shown::quoted).orElse("it has none"));
    }
    return machines;
  }

  /** A text in which {@code ${NAME}} stands for what the environment has under that name. */
  private Optional<String> here(Value value, String expected, Predicate<String> fits) {
    Optional<String> missing = value.text(expected).flatMap(machine::missing);
    if (missing.isPresent()) {
      value.error(
          value.label()
              + ": expected a value for ${"
              + missing.get()
              + "} in the environment, but there is none");
      return Optional.empty();
    }
    return value.parsed(expected, text -> Optional.of(machine.filled(text)).filter(fits));
  }

  private Optional<String> host(Value value) {
    return here(value, "a host name or address", HOST.asMatchPredicate());
  }

  /** Who may call over HTTP, and by which names. */
  private static Callers callers(Fields settings, Fields f) {
    boolean token = f.get("reads").flatMap(v -> v.oneOf(READS)).orElse(false);
    if (token && settings.get("admin_tokens").isEmpty()) {
      f.get("reads")
          .orElseGet(f::at)
          .error("reads: expected admin_tokens as well, since there is no token to read with");
    }
    List<String> names =
        f.get("names")
            .map(v ->
                v.list(MAX_NAMES, n -> n.text("a host name or address", HOST.asMatchPredicate())))
            .orElse(List.of());
    return new Callers(
        token, names.stream().map(n -> n.toLowerCase(Locale.ROOT)).collect(Collectors.toSet()));
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
      String address = host.flatMap(this::host).map(h -> literal(key, h)).orElse(LOOPBACK);
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
              : f.get("advertise").flatMap(this::host).map(h -> literal(key, h));
      if (key.equals("http")) {
        callers = callers(settings, f);
        tls.flatMap(Tls::authority)
            .ifPresent(_ ->
                f.get("tls")
                    .orElseGet(f::at)
                    .error(
                        "http.tls: expected certificate and key alone, since nobody is asked for a"
                            + " certificate there: people and programs show a token"));
      }
      if (key.equals("gate") && wildcard(address) && f.get("advertise").isEmpty()) {
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

  /** As addresses of actors have it: an IPv6 address in brackets, in small letters. */
  private static String literal(String key, String host) {
    if (key.equals("http") || !host.contains(":")) {
      return host;
    }
    String small = host.toLowerCase(Locale.ROOT);
    return small.startsWith("[") ? small : "[" + small + "]";
  }

  /** All addresses of the machine: one can listen there, but not be dialled. */
  static boolean wildcard(String host) {
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
