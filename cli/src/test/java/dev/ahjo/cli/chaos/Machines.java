package dev.ahjo.cli.chaos;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * Machines made of this one: each a network namespace with an address of its own, joined to a hub
 * in which the network's faults are rules, so that the machines themselves are never touched.
 *
 * <p>Their addresses are of the loopback's range, which a node may listen on without TLS, but they
 * are routed between the namespaces. Needs root, network namespaces, {@code ip} and {@code nft}.
 */
final class Machines implements AutoCloseable {
  private static final Pattern PACKETS = Pattern.compile("counter packets (\\d+)");

  private final String name;
  private final String net;
  private final Path folder;
  private final Map<String, Machine> machines = new LinkedHashMap<>();
  private final AtomicInteger tables = new AtomicInteger();
  private boolean closed;

  private Machines(String name, String net, Path folder) {
    this.name = name;
    this.net = net;
    this.folder = folder;
  }

  /** What this system lacks for it, in words for people; nothing if all is there. */
  static List<String> missing() {
    List<String> missing = new ArrayList<>();
    if (!"root".equals(System.getProperty("user.name"))) {
      missing.add("root");
      return missing;
    }
    for (String tool : List.of("ip", "nft", "tc", "nsenter", "mkfs.ext4", "losetup")) {
      if (!run(List.of("sh", "-c", "command -v " + tool), false).ok()) {
        missing.add(tool);
      }
    }
    if (missing.isEmpty()) {
      var probe = "ahjo-probe-" + ProcessHandle.current().pid();
      if (!run(List.of("ip", "netns", "add", probe), false).ok()) {
        missing.add("network namespaces");
      } else {
        String rule = "add table inet probe";
        if (!run(List.of("ip", "netns", "exec", probe, "nft", rule), false).ok()) {
          missing.add("nftables in the kernel");
        }
        run(List.of("ip", "netns", "del", probe), false);
      }
    }
    return missing;
  }

  /**
   * Makes the hub.
   *
   * @param name unlike that of others on this system, at most 8 letters
   * @param net the third number of the addresses, 127.78.NET.x
   */
  static Machines open(String name, int net, Path folder) throws IOException {
    var machines = new Machines(name, "127.78." + net, Files.createDirectories(folder));
    must("ip", "netns", "add", machines.hub());
    machines.inHub("ip", "link", "set", "lo", "up");
    machines.routeLoopback(machines.hub());
    machines.inHub("sysctl", "-qw", "net.ipv4.ip_forward=1");
    // Who breaks a run off must find no machines left.
    Runtime.getRuntime().addShutdownHook(new Thread(machines::takeApart, "machines"));
    return machines;
  }

  private String hub() {
    return name + "-hub";
  }

  private String inHub(String... command) throws IOException {
    List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", hub()));
    words.addAll(List.of(command));
    return must(words.toArray(String[]::new));
  }

  /** Lets addresses of 127.0.0.0/8 leave and enter; only 127.0.0.1 stays at home. */
  private void routeLoopback(String namespace) throws IOException {
    must(
        "ip",
        "netns",
        "exec",
        namespace,
        "sh",
        "-c",
        "sysctl -qw net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.default.route_localnet=1"
            + " && ip route del local 127.0.0.0/8 dev lo table local");
  }

  Machine add(String machine) throws IOException {
    int number = machines.size() + 1;
    String namespace = name + "-" + machine;
    String address = net + "." + number;
    String link = "v" + number;
    must("ip", "netns", "add", namespace);
    inHub("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    inHub(
        "sysctl",
        "-qw",
        "net.ipv4.conf." + link + ".route_localnet=1",
        "net.ipv4.conf." + link + ".proxy_arp=1",
        "net.ipv4.neigh." + link + ".proxy_delay=0");
    inHub("ip", "link", "set", link, "up");
    inHub("ip", "route", "add", address + "/32", "dev", link);
    must("ip", "netns", "exec", namespace, "ip", "link", "set", "lo", "up");
    routeLoopback(namespace);
    must(
        "ip",
        "netns",
        "exec",
        namespace,
        "sh",
        "-c",
        "sysctl -qw net.ipv4.conf.eth0.route_localnet=1 && ip link set eth0 up && ip addr add "
            + address
            + "/32 dev eth0 && ip route add "
            + net
            + ".0/24 dev eth0 src "
            + address);
    var made = new Machine(machine, namespace, address, folder.resolve(machine));
    machines.put(machine, made);
    return made;
  }

  Machine machine(String called) {
    Machine machine = machines.get(called);
    if (machine == null) {
      throw new IllegalArgumentException("Expected one of " + machines.keySet() + ": " + called);
    }
    return machine;
  }

  /** A fault of the network, there until it is closed. */
  interface Trouble extends AutoCloseable {
    /** Packets that it has met. */
    long hits() throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Nothing passes from one to the other; to cut both ways, cut twice. */
  Trouble cut(List<Machine> from, List<Machine> to) throws IOException {
    return rule(from, to, "counter drop");
  }

  /** Of a hundred packets so many are lost. */
  Trouble lose(List<Machine> from, List<Machine> to, int percent) throws IOException {
    return rule(from, to, "numgen random mod 100 < " + percent + " counter drop");
  }

  /** Ends the connections over which anything is sent. */
  Trouble reset(List<Machine> from, List<Machine> to) throws IOException {
    return rule(from, to, "meta l4proto tcp counter reject with tcp reset");
  }

  private Trouble rule(List<Machine> from, List<Machine> to, String what) throws IOException {
    String table = "t" + tables.incrementAndGet();
    var script = new StringBuilder("table inet " + table + " { chain c {\n");
    script.append("type filter hook forward priority 0; policy accept;\n");
    for (Machine a : from) {
      for (Machine b : to) {
        script.append("ip saddr %s ip daddr %s %s\n".formatted(a.address(), b.address(), what));
      }
    }
    Path file = Files.writeString(folder.resolve(table + ".nft"), script + "}\n}\n");
    inHub("nft", "-f", file.toString());
    return new Trouble() {
      @Override
      public long hits() throws IOException {
        return PACKETS
            .matcher(inHub("nft", "list", "table", "inet", table))
            .results()
            .mapToLong(m -> Long.parseLong(m.group(1)))
            .sum();
      }

      @Override
      public void close() throws IOException {
        inHub("nft", "delete", "table", "inet", table);
      }
    };
  }

  /**
   * Everything on its way to the machine waits in line: as much later as there is more of it.
   *
   * @param rate as tc has it, such as {@code 200kbit}
   */
  Trouble delay(Machine to, String rate) throws IOException {
    String link = "v" + to.address().substring(net.length() + 1);
    inHub(
        ("tc qdisc replace dev " + link + " root tbf burst 3000 latency 2s rate " + rate)
            .split(" ", -1));
    return new Trouble() {
      @Override
      public long hits() throws IOException {
        var over =
            Pattern.compile("overlimits (\\d+)")
                .matcher(inHub("tc", "-s", "qdisc", "show", "dev", link));
        return over.find() ? Long.parseLong(over.group(1)) : 0;
      }

      @Override
      public void close() throws IOException {
        inHub("tc", "qdisc", "del", "dev", link, "root");
      }
    };
  }

  private void takeApart() {
    try {
      close();
    } catch (IOException left) {
      System.err.println("Machines of " + name + " are left: " + left);
    }
  }

  /** Kills all that runs on the machines, and takes them apart; again, it does nothing. */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    for (Machine machine : machines.values()) {
      machine.close();
      run(List.of("ip", "netns", "del", machine.namespace()), false);
    }
    run(List.of("ip", "netns", "del", hub()), false);
  }

  /** What a command said, and whether it ended well. */
  record Said(boolean ok, String text) {}

  static String must(String... command) throws IOException {
    Said said = run(List.of(command), true);
    if (!said.ok()) {
      throw new IOException(String.join(" ", command) + ": " + said.text());
    }
    return said.text();
  }

  static Said run(List<String> command, boolean told) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      return new Said(ended && process.exitValue() == 0, text.strip());
    } catch (IOException cannot) {
      return new Said(false, told ? cannot.toString() : "");
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      return new Said(false, "interrupted");
    }
  }
}
