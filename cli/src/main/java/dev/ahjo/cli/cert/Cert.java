package dev.ahjo.cli.cert;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Exit;
import dev.ahjo.core.id.Names;
import dev.ahjo.wire.tls.Authority;
import dev.ahjo.wire.tls.Authority.Kind;
import dev.ahjo.wire.tls.Authority.Use;
import dev.ahjo.wire.tls.Authority.Written;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code ahjo cert ca | node | server | worker}: PEM files, and what to put where. A farm has two
 * authorities: one for the masters among each other, one for what workers and browsers meet.
 */
public abstract sealed class Cert implements Callable<Integer> {
  private static final String FOLDER = "certs";

  final Console console;
  final InstantSource clock = InstantSource.system();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = FOLDER,
      description = "Where to write to (default ./${DEFAULT-VALUE}).")
  Path out = Path.of(FOLDER);

  @Option(names = "--days", paramLabel = "N", description = "How long it is valid.")
  @Nullable Integer days;

  private Cert(Console console) {
    this.console = console;
  }

  /** The verb with its own verbs, for {@code addSubcommand}. */
  @Command(
      name = "cert",
      description = {
        "Make certificates: first the two authorities, then one for each node, gate or worker.",
        "Keys are written for their owner's eyes only, and nothing is ever overwritten."
      },
      synopsisSubcommandLabel = "ca | node | server | worker")
  public static final class Verbs implements Runnable {
    @picocli.CommandLine.Spec picocli.CommandLine.Model.@Nullable CommandSpec spec;

    @Override
    public void run() {
      var self = java.util.Objects.requireNonNull(spec);
      self.commandLine().usage(self.commandLine().getErr());
      throw new CommandFailed(Exit.USAGE, "Expected ca, node, server or worker");
    }
  }

  /** What {@code ahjo cert} offers. */
  public static List<Cert> verbs(Console console) {
    return List.of(new Ca(console), new Node(console), new Server(console), new Worker(console));
  }

  Duration validity(int usualDays) {
    int wanted = days == null ? usualDays : days;
    if (wanted < 1 || wanted > 36_500) {
      throw new CommandFailed(Exit.USAGE, "--days: expected 1 to 36500, but found " + wanted);
    }
    return Duration.ofDays(wanted);
  }

  private interface Making {
    Written make() throws IOException;
  }

  Written made(Making making) {
    try {
      return making.make();
    } catch (FileAlreadyExistsException there) {
      throw new CommandFailed(
          Exit.USAGE, there.getMessage() + " is there already, and is not overwritten", there);
    } catch (IllegalArgumentException wrongAuthority) {
      throw new CommandFailed(Exit.USAGE, "--ca: " + wrongAuthority.getMessage(), wrongAuthority);
    } catch (IOException failed) {
      String why = failed.getMessage();
      throw new CommandFailed(Exit.USAGE, why == null ? failed.toString() : why, failed);
    }
  }

  @Command(
      name = "ca",
      description = {
        "Make an authority. `masters` signs nodes, and nothing else: whoever has a certificate of it",
        "is a master. `workers` signs what workers and browsers meet. Keep the .key files off the nodes."
      })
  static final class Ca extends Cert {
    @Parameters(paramLabel = "masters|workers", description = "Which of the two.")
    String kind = "";

    Ca(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      Kind which =
          switch (kind) {
            case "masters" -> Kind.MASTERS;
            case "workers" -> Kind.WORKERS;
            default ->
                throw new CommandFailed(
                    Exit.USAGE, "Expected masters or workers, but found '" + kind + "'");
          };
      Written written =
          made(() -> Authority.create(which, out, kind + "-ca", clock.instant(), validity(3650)));
      console.line("authority    " + written.certificate() + "   (may be shown to anybody)");
      console.line("its key      " + written.key() + "   (keep it off the nodes; signs with it)");
      console.line(
          which == Kind.MASTERS
              ? "Next: ahjo cert node NAME --host ADDRESS    for each node"
              : "Next: ahjo cert server NAME --host ADDRESS  for each gate and http port");
      return Exit.DONE.code();
    }
  }

  /** Those that an authority signs. */
  abstract static sealed class Signed extends Cert {
    @Parameters(paramLabel = "NAME", description = "Whose it is; the files are called so.")
    String name = "";

    @Option(
        names = "--ca",
        paramLabel = "FILE",
        description = "The authority's certificate; its key is beside it, in .key.")
    @Nullable Path authority;

    @Option(
        names = "--host",
        paramLabel = "ADDRESS",
        description = "A name or address by which others dial it; may be repeated.")
    List<String> hosts = new ArrayList<>();

    private Signed(Console console) {
      super(console);
    }

    Written sign(Use use) {
      if (!Names.valid(name)) {
        throw new CommandFailed(
            Exit.USAGE,
            "Expected a name of letters, digits and . _ + - (at most 100), but found '"
                + name
                + "'");
      }
      String usual = use.signer().name().toLowerCase(Locale.ROOT) + "-ca.pem";
      Path certificate = authority == null ? out.resolve(usual) : authority;
      Path key =
          certificate.resolveSibling(
              certificate.getFileName().toString().replaceAll("\\.[a-z]+$", "") + ".key");
      return made(() ->
          Authority.open(certificate, key)
              .issue(use, out, name, new LinkedHashSet<>(hosts), clock.instant(), validity(825)));
    }

    void tell(String settings, Written written, String authorityLine) {
      console.line("certificate  " + written.certificate());
      console.line("its key      " + written.key());
      console.line("In the settings of the node that it is for:");
      console.line(
          "  "
              + settings
              + ": {host: ..., tls: {certificate: "
              + written.certificate().getFileName()
              + ", key: "
              + written.key().getFileName()
              + authorityLine
              + "}}");
    }
  }

  @Command(
      name = "node",
      description = "Make a node's certificate, for its port among the masters.")
  static final class Node extends Signed {
    Node(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      tell("listen", sign(Use.MASTER), ", authority: masters-ca.pem");
      return Exit.DONE.code();
    }
  }

  @Command(name = "server", description = "Make a certificate for a gate, or for pages and API.")
  static final class Server extends Signed {
    Server(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      if (hosts.isEmpty()) {
        throw new CommandFailed(
            Exit.USAGE, "--host: expected the names by which workers and browsers dial it");
      }
      tell("gate", sign(Use.SERVER), ", authority: workers-ca.pem");
      console.line(
          "and the same under http, without the authority. Workers and browsers are given"
              + " workers-ca.pem.");
      return Exit.DONE.code();
    }
  }

  @Command(name = "worker", description = "Make a certificate by which a worker proves its name.")
  static final class Worker extends Signed {
    Worker(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      Written written = sign(Use.WORKER);
      console.line("certificate  " + written.certificate());
      console.line("its key      " + written.key());
      console.line("Both go to the worker's machine, with the authority, workers-ca.pem.");
      return Exit.DONE.code();
    }
  }
}
