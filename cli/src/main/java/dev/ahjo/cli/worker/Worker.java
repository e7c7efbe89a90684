package dev.ahjo.cli.worker;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.LogFile;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.wire.tls.TlsFiles;
import dev.ahjo.worker.Agent;
import dev.ahjo.worker.AgentSettings;
import dev.ahjo.worker.Bind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ahjo worker}: offers this machine's slots to a farm. */
@Command(
    name = "worker",
    description = {
      "Offer this machine to a farm: join its gate, run the builds it sends.",
      "Runs until it is stopped. Stopped or killed, its steps go on; the next worker on the same"
          + " data folder finds them."
    })
public final class Worker implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

  private static final Pattern BARE =
      Pattern.compile("([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+]):[0-9]{1,5}");

  private final Console console;

  @Option(
      names = "--join",
      required = true,
      paramLabel = "ADDRESS",
      split = ",",
      description = {
        "A gate of the farm: pekko://HOST:PORT, by the very name that the gate is known by, or"
            + " ws://HOST:PORT and wss://HOST:PORT for HTTP's port. Repeatable: the worker is at"
            + " one of them, and goes to the next when that fails."
      })
  List<String> join = List.of();

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      description = "Unique on the farm; the token proves it.")
  String name = "";

  @Option(
      names = "--token",
      paramLabel = "T",
      description = "Shows in the list of processes; better a file, or AHJO_WORKER_TOKEN.")
  @Nullable String token;

  @Option(names = "--token-file", paramLabel = "FILE", description = "Holds the token.")
  @Nullable Path tokenFile;

  @Option(
      names = "--slots",
      paramLabel = "N",
      description = "Builds at once; default: the number of processors.")
  @Nullable Integer slots;

  @Option(
      names = "--label",
      paramLabel = "L",
      description = "What builders may ask for; repeatable.")
  List<String> labels = List.of();

  @Option(
      names = "--pool",
      paramLabel = "P",
      defaultValue = "default",
      description = "The pool it serves (default ${DEFAULT-VALUE}).")
  String pool = "default";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "What it holds and where it builds; default: ./.ahjo-worker/NAME.")
  @Nullable Path data;

  @Option(
      names = "--bind",
      paramLabel = "HOST[:PORT]",
      defaultValue = "127.0.0.1",
      description = {
        "This machine's address, which a gate joined by pekko:// dials back (default"
            + " ${DEFAULT-VALUE}: a node on this machine). Without a port it is any free one, so"
            + " name one where a firewall is between. IPv6 addresses in brackets."
      })
  String bind = "127.0.0.1";

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "PEM of the authority that must have signed the gates' certificates.")
  @Nullable Path authority;

  @Option(
      names = "--certificate",
      paramLabel = "FILE",
      description = "PEM of this worker's certificate: pekko:// with TLS shows one.")
  @Nullable Path certificate;

  @Option(names = "--key", paramLabel = "FILE", description = "PEM of its key.")
  @Nullable Path key;

  @Option(
      names = "--log-file",
      paramLabel = "FILE",
      description = "Where to tell what it does; default: the error output.")
  @Nullable Path logFile;

  public Worker(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    LogFile.use(logFile);
    AgentSettings settings = settings();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) ->
        LOG.error("The thread '{}' ended by a fault", thread.getName(), thrown));
    refuseStrangeAddress(settings);
    try (Agent agent = Agent.start(settings)) {
      Runtime.getRuntime().addShutdownHook(new Thread(agent::close, "goodbye"));
      console.note(
          "ahjo: worker "
              + settings.name()
              + " joins "
              + joined()
              + " with "
              + settings.slots()
              + " slots, data in "
              + settings.folder());
      Optional<String> refused = agent.awaitEnd();
      if (refused.isPresent()) {
        throw new CommandFailed(
            Exit.UNREACHABLE, "The gate at " + joined() + " refuses this worker: " + refused.get());
      }
      return Exit.DONE.code();
    } catch (IOException unusable) {
      String why = unusable.getMessage();
      throw new CommandFailed(Exit.USAGE, why == null ? unusable.toString() : why, unusable);
    }
  }

  /** Only pekko:// is dialled back. */
  private static void refuseStrangeAddress(AgentSettings settings) {
    if (settings.gates().stream().noneMatch(gate -> "pekko".equals(gate.getScheme()))) {
      return;
    }
    Bind back = settings.bind();
    try (var socket = new ServerSocket(0, 1, InetAddress.getByName(back.host()))) {
      LOG.debug("{} is this machine's", socket.getInetAddress());
    } catch (IOException notOurs) {
      throw new CommandFailed(
          Exit.USAGE,
          "--bind: expected an address of this machine, but found '"
              + back.host()
              + "': "
              + notOurs.getMessage(),
          notOurs);
    }
    refuseTakenPort(back);
    if (isLoopback(back.host())) {
      settings.gates().stream()
          .filter(gate -> "pekko".equals(gate.getScheme()) && !isLoopback(gate.getHost()))
          .findFirst()
          .ifPresent(gate -> {
            throw new CommandFailed(
                Exit.USAGE,
                "--bind: expected an address of this machine that "
                    + gate
                    + " can dial back, but found "
                    + back.host()
                    + (back.host().startsWith("127.0.1.")
                        ? " (as this machine's name stands in its /etc/hosts)"
                        : ""));
          });
    }
  }

  /** No mistake: whoever has it now may be gone when the worker is started again. */
  private static void refuseTakenPort(Bind back) {
    try (var socket = new ServerSocket(back.port(), 1, InetAddress.getByName(back.host()))) {
      LOG.debug("{} is free", socket.getLocalPort());
    } catch (IOException taken) {
      throw new CommandFailed(
          Exit.UNREACHABLE, "--bind: can't listen at " + back + ": " + taken.getMessage(), taken);
    }
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException notNow) {
      return false;
    }
  }

  private String joined() {
    return String.join(", ", join);
  }

  /** The agent's settings; wrong use names the option at fault. */
  AgentSettings settings() {
    int count = slots == null ? Runtime.getRuntime().availableProcessors() : slots;
    if (count < 1) {
      throw new CommandFailed(Exit.USAGE, "--slots: expected at least 1, but found " + count);
    }
    try {
      WorkerName worker = new WorkerName(name);
      Path folder = data == null ? Path.of(".ahjo-worker", name) : data;
      return AgentSettings.of(
              worker,
              folder.toAbsolutePath().normalize(),
              gates(),
              theToken(),
              count,
              Set.copyOf(labels),
              new PoolName(pool))
          .withBind(bind())
          .withTls(tls());
    } catch (IllegalArgumentException wrong) {
      String why = wrong.getMessage();
      throw new CommandFailed(Exit.USAGE, why == null ? wrong.toString() : why, wrong);
    }
  }

  private Bind bind() {
    try {
      return Bind.parse(bind);
    } catch (IllegalArgumentException wrong) {
      throw new CommandFailed(Exit.USAGE, "--bind: " + wrong.getMessage(), wrong);
    }
  }

  private AgentSettings.Tls tls() {
    if (certificate == null && key == null) {
      return new AgentSettings.Tls(Optional.ofNullable(authority), Optional.empty());
    }
    if (certificate == null || key == null || authority == null) {
      throw new CommandFailed(
          Exit.USAGE,
          "Expected --ca, --certificate and --key together: both sides show who they are");
    }
    return new AgentSettings.Tls(
        Optional.of(authority),
        Optional.of(new TlsFiles(certificate, key, Optional.of(authority))));
  }

  private List<URI> gates() {
    return join.stream().map(Worker::gate).toList();
  }

  /** A bare HOST:PORT is a gate's, too. */
  private static URI gate(String text) {
    try {
      URI gate = URI.create(BARE.matcher(text).matches() ? "pekko://" + text : text);
      if (List.of("pekko", "ws", "wss").contains(String.valueOf(gate.getScheme()))
          && gate.getHost() != null) {
        return gate;
      }
    } catch (IllegalArgumentException noAddress) {
      // Told below, as any other that is none.
    }
    throw new CommandFailed(
        Exit.USAGE,
        "--join: expected pekko://HOST:PORT, ws://HOST:PORT or wss://HOST:PORT, but found '"
            + text
            + "'");
  }

  private String theToken() {
    if (token != null) {
      return token;
    }
    if (tokenFile != null) {
      try {
        return Files.readString(tokenFile).strip();
      } catch (IOException unreadable) {
        throw new CommandFailed(
            Exit.USAGE,
            "--token-file: could not read " + tokenFile + ": " + unreadable,
            unreadable);
      }
    }
    return console
        .variable("AHJO_WORKER_TOKEN")
        .orElseThrow(() ->
            new CommandFailed(
                Exit.USAGE,
                "Expected a token: --token-file, AHJO_WORKER_TOKEN or --token. `ahjo token` on"
                    + " the node's machine prints one"));
  }
}
