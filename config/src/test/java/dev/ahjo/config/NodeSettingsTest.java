package dev.ahjo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.ahjo.config.NodeSettings.Limits;
import dev.ahjo.config.NodeSettings.Listen;
import dev.ahjo.config.NodeSettings.Role;
import dev.ahjo.config.NodeSettings.Seeds;
import dev.ahjo.config.NodeSettings.Storage;
import dev.ahjo.config.NodeSettings.Tls;
import dev.ahjo.config.Reading.Invalid;
import dev.ahjo.config.Reading.Valid;
import dev.ahjo.config.node.Machine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node's settings mean, and which would let strangers in. */
class NodeSettingsTest {
  private static final Path FILE = Path.of("/etc/ahjo/node.yaml");

  private static final String FULL =
      """
      name: n1
      roles: [engine, web]
      listen: {host: 10.0.0.1, port: 9000, tls: {certificate: c.pem, key: k.pem, authority: ca.pem}}
      http: {host: "::", port: 443, tls: {certificate: c.pem, key: k.pem}}
      seeds: [10.0.0.1:9000, "[fd00::2]", master3.example.org]
      gate: {host: build.example.org, advertise: 192.0.2.7, tls: {certificate: c.pem, key: k.pem}}
      data: /var/lib/ahjo
      projects: projects
      storage:
        cassandra:
          contact_points: [10.0.0.5, "db.example.org:9142", "[fd00::1]:9042"]
          datacenter: helsinki
          keyspace: farm
          replication: 5
          create: true
          login: {user: ahjo, password_file: cassandra.txt}
          tls: {authority: cassandra-ca.pem, certificate: n1.pem, key: n1.key}
      limits: {log_age: 30d, log_size: 5GB}
      worker_tokens: workers.txt
      admin_tokens: /run/secrets/admins
      """;

  private static NodeSettings settings(String text) {
    return switch (NodeSettings.read(FILE, text)) {
      case Valid<NodeSettings> valid -> valid.value();
      case Invalid<NodeSettings> invalid ->
          throw new AssertionError("Expected good settings, but found " + invalid.problems());
    };
  }

  private static List<String> told(String text) {
    return NodeSettings.read(FILE, text).problems().stream()
        .map(p -> p.toString().substring(FILE.toString().length() + 1))
        .toList();
  }

  @Test
  void whatIsNotSaidIsSafe() {
    NodeSettings node = settings("{name: n, data: d}");

    assertThat(node)
        .isEqualTo(
            new NodeSettings(
                "n",
                Set.of(Role.ENGINE, Role.GATE, Role.WEB),
                new Listen("127.0.0.1", 8012, Optional.empty()),
                new Listen("127.0.0.1", 8010, Optional.empty()),
                new Listen("127.0.0.1", 8011, Optional.empty()),
                new Seeds.Alone(),
                Path.of("/etc/ahjo/d"),
                Path.of("/etc/ahjo/d/projects"),
                new Storage.Embedded(),
                new Limits(Duration.ofDays(90), 50_000_000_000L),
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void everyField() {
    NodeSettings node = settings(FULL);

    assertThat(node.roles()).containsExactlyInAnyOrder(Role.ENGINE, Role.WEB);
    assertThat(node.cluster())
        .isEqualTo(
            new Listen(
                "10.0.0.1",
                9000,
                Optional.of(
                    new Tls(
                        Path.of("/etc/ahjo/c.pem"),
                        Path.of("/etc/ahjo/k.pem"),
                        Optional.of(Path.of("/etc/ahjo/ca.pem"))))));
    assertThat(node.http().port()).isEqualTo(443);
    assertThat(node.gate().port()).isEqualTo(8011);
    assertThat(node.gate().advertise()).contains("192.0.2.7");
    assertThat(node.seeds())
        .isEqualTo(
            new Seeds.Listed(
                List.of(
                    new Seeds.Place("10.0.0.1", 9000),
                    new Seeds.Place("[fd00::2]", 8012),
                    new Seeds.Place("master3.example.org", 8012))));
    assertThat(node.data()).isEqualTo(Path.of("/var/lib/ahjo"));
    assertThat(node.projects()).isEqualTo(Path.of("/etc/ahjo/projects"));
    assertThat(node.storage())
        .isEqualTo(
            new Storage.Cassandra(
                List.of(
                    new Storage.ContactPoint("10.0.0.5", 9042),
                    new Storage.ContactPoint("db.example.org", 9142),
                    new Storage.ContactPoint("fd00::1", 9042)),
                "helsinki",
                "farm",
                5,
                true,
                Optional.of(new Storage.Login("ahjo", Path.of("/etc/ahjo/cassandra.txt"))),
                Optional.of(
                    new Storage.ClientTls(
                        Path.of("/etc/ahjo/cassandra-ca.pem"),
                        Optional.of(
                            new Storage.Certificate(
                                Path.of("/etc/ahjo/n1.pem"), Path.of("/etc/ahjo/n1.key")))))));
    assertThat(node.limits()).isEqualTo(new Limits(Duration.ofDays(30), 5_000_000_000L));
    assertThat(node.workerTokens()).contains(Path.of("/etc/ahjo/workers.txt"));
    assertThat(node.adminTokens()).contains(Path.of("/run/secrets/admins"));
  }

  @Test
  void nothingIsOpenToOtherMachinesUnguarded() {
    assertThat(
            told(
                """
                name: n
                data: d
                listen: {host: 10.0.0.1}
                http: {host: 0.0.0.0}
                gate: {host: "::", advertise: m1, tls: {certificate: c, key: k}}
                """))
        .containsExactly(
            "3:16: listen.host: '10.0.0.1' is open to other machines; expected listen.tls as well,"
                + " or a loopback address such as 127.0.0.1",
            "4:14: http.host: '0.0.0.0' is open to other machines; expected http.tls and"
                + " admin_tokens as well, or a loopback address such as 127.0.0.1",
            "5:14: gate.host: '::' is open to other machines; expected worker_tokens as well, or a"
                + " loopback address such as 127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "localhost", "\"::1\"", "\"[::1]\""})
  void loopbackNeedsNoGuard(String host) {
    assertThat(told("{name: n, data: d, http: {host: " + host + "}}")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1.example.org", "localhost.example.org", "\"::\"", "127.0.0.1x"})
  void whatOnlyLooksLikeLoopbackDoes(String host) {
    assertThat(told("{name: n, data: d, http: {host: " + host + "}}"))
        .singleElement()
        .asString()
        .contains("http.host", "is open to other machines");
  }

  @Test
  void everyMistakeAtOnce() {
    assertThat(
            told(
                """
                name: my node
                roles: [engin, web]
                http: {port: 80100, hots: x}
                gate: {host: "a b", port: 8010}
                listen: {tls: {certificate: c}}
                projects: ""
                storage: postgresql://db/ahjo
                limits: {log_age: long, log_size: 0}
                wroker_tokens: x
                """))
        .containsExactly(
            "1:1: expected the key 'data' in node settings, but it is not there",
            "1:7: name: expected a name of letters, digits and . _ + - (at most 100), but found 'my"
                + " node'",
            "2:9: an element of roles: expected one of engine, gate, web, but found 'engin'; did"
                + " you mean 'engine'?",
            "3:14: port: expected a whole number from 0 to 65535, but found '80100'",
            "3:21: unknown key 'hots' in http; did you mean 'host'?",
            "4:14: host: expected a host name or address, but found 'a b'",
            "5:15: expected the key 'key' in tls, but it is not there",
            "6:11: projects: expected a path, but found ''",
            "7:10: storage: expected embedded, or a mapping with the key cassandra or postgresql, but"
                + " found 'postgresql://db/ahjo'",
            "8:19: log_age: expected a duration such as 30s, 20m, 4h or 2d, but found 'long'",
            "8:35: log_size: expected a size such as 64KiB, 200MB or 2GB (at most 1000000000000000"
                + " bytes), but found '0'",
            "9:1: unknown key 'wroker_tokens' in node settings; did you mean 'worker_tokens'?");
  }

  @Test
  void twoDoorsAtOneAddress() {
    assertThat(told("{name: n, data: d, gate: {port: 8010}}"))
        .containsExactly(
            "1:1: expected different addresses for listen, http and gate, but found"
                + " 127.0.0.1:8012, 127.0.0.1:8010, 127.0.0.1:8010");
    assertThat(told("{name: n, data: d, listen: {port: 0}, http: {port: 0}, gate: {port: 0}}"))
        .isEmpty();
  }

  @Test
  void cassandraNeedsOnlyItsServers() {
    assertThat(
            settings(
                    "{name: n, data: d, seeds: [127.0.0.1],"
                        + " storage: {cassandra: {contact_points: [db]}}}")
                .storage())
        .isEqualTo(
            new Storage.Cassandra(
                List.of(new Storage.ContactPoint("db", 9042)),
                "datacenter1",
                "ahjo",
                3,
                false,
                Optional.empty()));
  }

  @Test
  void everyMistakeAboutCassandra() {
    assertThat(
            told(
                """
                name: n
                data: d
                storage:
                  cassandra:
                    contact_points: ["db:70000", "a b", db]
                    datacentre: helsinki
                    keyspace: My-Farm
                    replication: 0
                    create: maybe
                    login: {user: ahjo}
                    tls: {certificate: c.pem}
                seeds: [127.0.0.1]
                """))
        .containsExactly(
            "5:22: an element of contact_points: expected HOST or HOST:PORT (an IPv6 address in"
                + " []), but found 'db:70000'",
            "5:34: an element of contact_points: expected HOST or HOST:PORT (an IPv6 address in"
                + " []), but found 'a b'",
            "6:5: unknown key 'datacentre' in cassandra; did you mean 'datacenter'?",
            "7:15: keyspace: expected a name of small letters, digits and _ (at most 48), but found"
                + " 'My-Farm'",
            "8:18: replication: expected a whole number from 1 to 15, but found '0'",
            "9:13: create: expected true or false, but found 'maybe'",
            "10:12: expected the key 'password_file' in login, but it is not there",
            "11:10: tls: expected certificate and key together, or neither of them",
            "11:10: expected the key 'authority' in tls, but it is not there");
    assertThat(
            told(
                "{name: n, data: d, storage: {cassandra: {contact_points: []}}, seeds:"
                    + " [127.0.0.1]}"))
        .containsExactly(
            "1:58: contact_points: expected at least one server, but found an empty list");
    assertThat(told("{name: n, data: d, storage: {cassandra: {}}, seeds: [127.0.0.1]}"))
        .containsExactly(
            "1:41: expected the key 'contact_points' in cassandra, but it is not there");
    assertThat(told("{name: n, data: d, storage: {mongo: {}}, seeds: [127.0.0.1]}"))
        .containsExactly(
            "1:29: storage: expected one of the keys cassandra, postgresql, but found neither",
            "1:30: unknown key 'mongo' in storage; expected cassandra, postgresql");
  }

  @Test
  void postgresqlNeedsOnlyItsServerAndIsSpokenToInTheClearOnlyAtHome() {
    assertThat(
            settings(
                    "{name: n, data: d, seeds: [127.0.0.1],"
                        + " storage: {postgresql: {servers: [db.example.org]}}}")
                .storage())
        .isEqualTo(
            new Storage.Postgresql(
                List.of(new Storage.ContactPoint("db.example.org", 5432)),
                "ahjo",
                "ahjo",
                false,
                "ahjo",
                new Storage.Password.None(),
                Storage.TlsMode.VERIFY_FULL,
                Optional.empty()));
    assertThat(
            settings(
                    "{name: n, data: d, seeds: [127.0.0.1],"
                        + " storage: {postgresql: {servers: [127.0.0.1, \"[::1]:5433\"]}}}")
                .storage())
        .asInstanceOf(type(Storage.Postgresql.class))
        .extracting(Storage.Postgresql::tls)
        .isEqualTo(Storage.TlsMode.DISABLE);
  }

  @Test
  void everythingAboutPostgresql() {
    assertThat(
            settings(
                    """
                    name: n
                    data: d
                    seeds: [127.0.0.1]
                    storage:
                      postgresql:
                        servers: [db1, "db2:5433"]
                        database: builds
                        schema: farm
                        create: true
                        login: {user: builder, password_env: DB_PASSWORD}
                        tls: {mode: verify-ca, authority: ca.pem}
                    """)
                .storage())
        .isEqualTo(
            new Storage.Postgresql(
                List.of(
                    new Storage.ContactPoint("db1", 5432), new Storage.ContactPoint("db2", 5433)),
                "builds",
                "farm",
                true,
                "builder",
                new Storage.Password.InEnvironment("DB_PASSWORD"),
                Storage.TlsMode.VERIFY_CA,
                Optional.of(Path.of("/etc/ahjo/ca.pem"))));
  }

  @Test
  void everyMistakeAboutPostgresql() {
    assertThat(
            told(
                """
                name: n
                data: d
                storage:
                  postgresql:
                    servers: []
                    databse: builds
                    schema: My-Farm
                    create: maybe
                    login: {password_file: p, password_env: A B}
                    tls: {mode: prefer}
                seeds: [127.0.0.1]
                """))
        .containsExactly(
            "5:14: servers: expected at least one server, but found an empty list",
            "6:5: unknown key 'databse' in postgresql; did you mean 'database'?",
            "7:13: schema: expected a name of small letters, digits and _ (at most 30), but found"
                + " 'My-Farm'",
            "8:13: create: expected true or false, but found 'maybe'",
            "9:12: expected the key 'user' in login, but it is not there",
            "9:45: password_env: expected the name of an environment variable, but found 'A B'",
            "10:17: mode: expected one of verify-full, verify-ca, require, disable, but found"
                + " 'prefer'");
    assertThat(
            told(
                "{name: n, data: d, seeds: [127.0.0.1], storage: {postgresql: {servers: [db]},"
                    + " cassandra: {contact_points: [db]}}}"))
        .containsExactly(
            "1:49: storage: expected one of the keys cassandra, postgresql, but found both");
  }

  private static final String SHARED = "storage: {cassandra: {contact_points: [db]}}";

  @Test
  void seedsAreNamedOneByOneOrByDns() {
    assertThat(settings("{name: n, data: d, " + SHARED + ", seeds: [127.0.0.1]}").seeds())
        .isEqualTo(new Seeds.Listed(List.of(new Seeds.Place("127.0.0.1", 8012))));
    assertThat(
            settings(
                    "{name: n, data: d, "
                        + SHARED
                        + ", listen: {host: 0.0.0.0, tls: {certificate: c, key: k, authority: a}},"
                        + " seeds: {dns: ahjo.farm.svc, nodes: 3}}")
                .seeds())
        .isEqualTo(new Seeds.Named("ahjo.farm.svc", 8012, 3));
    assertThat(told("{name: n, data: d, " + SHARED + ", seeds: {dns: a b, port: 0}}"))
        .containsExactly(
            "1:73: expected the key 'nodes' in seeds, but it is not there",
            "1:79: dns: expected a name of DNS, but found 'a b'",
            "1:90: port: expected a whole number from 1 to 65535, but found '0'");
    assertThat(told("{name: n, data: d, " + SHARED + ", seeds: []}"))
        .containsExactly("1:73: seeds: expected at least one HOST:PORT, but found an empty list");
  }

  @Test
  void whatCantBeOneClusterIsRefused() {
    assertThat(told("{name: n, data: d, seeds: [a:1, b:1]}"))
        .anySatisfy(problem ->
            assertThat(problem).contains("can't share the embedded storage", "cassandra"));
    assertThat(told("{name: n, data: d, roles: [engine]}"))
        .singleElement()
        .asString()
        .contains("a node on the embedded storage is alone");
    assertThat(told("{name: n, data: d, " + SHARED + "}"))
        .singleElement()
        .asString()
        .contains("would both write its journal", "expected seeds");
    assertThat(told("{name: n, data: d, " + SHARED + ", seeds: [127.0.0.1], listen: {port: 0}}"))
        .singleElement()
        .asString()
        .contains("listen.port: expected one that the other nodes know");
    assertThat(told("{name: n, data: d, " + SHARED + ", seeds: [10.0.0.1, localhost]}"))
        .singleElement()
        .asString()
        .contains("can't be reached from other machines such as the seed 10.0.0.1");
    assertThat(
            told(
                "{name: n, data: d, "
                    + SHARED
                    + ", seeds: [10.0.0.1], listen: {host: 0.0.0.0,"
                    + " tls: {certificate: c, key: k, authority: a}}}"))
        .singleElement()
        .asString()
        .contains("listen.advertise: expected the address");
    assertThat(told("{name: n, data: d, roles: [gate], " + SHARED + ", seeds: [127.0.0.1]}"))
        .singleElement()
        .asString()
        .contains("roles: this node is one of the seeds, which must be engines");
    assertThat(
            told(
                "{name: n, data: d, worker_tokens: t, gate: {host: 0.0.0.0,"
                    + " tls: {certificate: c, key: k, authority: a}}}"))
        .singleElement()
        .asString()
        .contains("gate.advertise: expected the name or address that workers dial");
    assertThat(told("{name: n, data: d, listen: {tls: {certificate: c, key: k}}}"))
        .singleElement()
        .asString()
        .contains("listen.tls: expected the authority");
  }

  @Test
  void anEngineThatNoSeedNamesWouldWaitForEver() {
    String tls = ", tls: {certificate: c, key: k, authority: a}";
    assertThat(
            told(
                "{name: n, data: d, listen: {host: 10.0.0.1"
                    + tls
                    + "}, seeds: [m1.example.org, m2.example.org], "
                    + SHARED
                    + "}"))
        .singleElement()
        .asString()
        .contains("seeds: expected 10.0.0.1:8012 among them", "listen.advertise", "an engine");
    assertThat(
            told(
                "{name: n, data: d, listen: {host: 10.0.0.1, advertise: m1.example.org"
                    + tls
                    + "}, seeds: [m1.example.org, m2.example.org], "
                    + SHARED
                    + "}"))
        .isEmpty();
    assertThat(
            told(
                "{name: n, data: d, roles: [gate], listen: {host: 10.0.0.9"
                    + tls
                    + "}, seeds: [10.0.0.1], "
                    + SHARED
                    + "}"))
        .as("a gate need not be a seed")
        .isEmpty();
    assertThat(told("{name: n, data: d, " + SHARED + ", seeds: {dns: ahjo.farm.svc, nodes: 3}}"))
        .singleElement()
        .asString()
        .contains("listen.host: 127.0.0.1 can't be reached from other machines of ahjo.farm.svc");
  }

  @Test
  void anAddressOfIpv6IsOneHoweverItIsWritten() {
    NodeSettings node =
        settings(
            "{name: n, data: d, listen: {host: \"FD00::1\", tls: {certificate: c, key: k,"
                + " authority: a}}, seeds: [\"[fd00::1]\", \"[FD00::2]\"], "
                + SHARED
                + "}");
    assertThat(node.cluster().host()).isEqualTo("[fd00::1]");
    assertThat(node.seeds())
        .isEqualTo(
            new Seeds.Listed(
                List.of(new Seeds.Place("[fd00::1]", 8012), new Seeds.Place("[fd00::2]", 8012))));
  }

  @Test
  void oneFileServesSeveralMachines() {
    String text =
        "{data: d, worker_tokens: t, gate: {host: 0.0.0.0, advertise: \"${POD}.ahjo.svc\","
            + " tls: {certificate: c, key: k, authority: a}}}";
    var pod = new Machine(Optional.of("ahjo-1"), Map.of("POD", "ahjo-1"));
    assertThat(NodeSettings.read(FILE, text, pod))
        .asInstanceOf(type(Valid.class))
        .extracting(valid -> (NodeSettings) valid.value())
        .satisfies(node -> {
          assertThat(node.name()).isEqualTo("ahjo-1");
          assertThat(node.gate().advertise()).contains("ahjo-1.ahjo.svc");
        });
    var bare = new Machine(Optional.of("no name"), Map.of());
    assertThat(NodeSettings.read(FILE, text, bare).problems())
        .extracting(Problem::message)
        .containsExactlyInAnyOrder(
            "expected the key 'name' in node settings, since the machine's own is no name: 'no"
                + " name'",
            "advertise: expected a value for ${POD} in the environment, but there is none");
  }

  @Test
  void whoMayReadAndByWhichNames() {
    assertThat(settings("{name: n, data: d}").callers()).isEqualTo(NodeSettings.Callers.ALL);
    assertThat(
            settings(
                    "{name: n, data: d, admin_tokens: a, http: {reads: token, names:"
                        + " [Builds.example.org]}}")
                .callers())
        .isEqualTo(new NodeSettings.Callers(true, Set.of("builds.example.org")));
    assertThat(told("{name: n, data: d, http: {reads: token, names: [a b]}}"))
        .containsExactly(
            "1:34: reads: expected admin_tokens as well, since there is no token to read with",
            "1:49: an element of names: expected a host name or address, but found 'a b'");
    assertThat(
            told(
                "{name: n, data: d, http: {tls: {certificate: c, key: k, authority: a}, reads:"
                    + " open}}"))
        .singleElement()
        .asString()
        .contains("http.tls: expected certificate and key alone");
  }

  /** Seeded, so that a failure comes again. */
  @Test
  void changedSettingsEndInAValueOrAPlace() {
    var random = new Random(7);
    for (int i = 0; i < 3000; i++) {
      String text = FuzzTest.change(random, List.of(FULL));
      Reading<NodeSettings> reading = NodeSettings.read(FILE, text);
      assertThat(reading instanceof Valid || !reading.problems().isEmpty()).as(text).isTrue();
    }
  }
}
