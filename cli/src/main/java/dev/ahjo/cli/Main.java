package dev.ahjo.cli;

import dev.ahjo.cli.bench.Bench;
import dev.ahjo.cli.cert.Cert;
import dev.ahjo.cli.log.Logs;
import dev.ahjo.cli.node.NodeCommand;
import dev.ahjo.cli.node.SchemaCommand;
import dev.ahjo.cli.project.Check;
import dev.ahjo.cli.status.Status;
import dev.ahjo.cli.status.Tables;
import dev.ahjo.cli.status.Why;
import dev.ahjo.cli.steer.Steer;
import dev.ahjo.cli.submit.Submit;
import dev.ahjo.cli.up.Token;
import dev.ahjo.cli.up.UpCommand;
import dev.ahjo.cli.worker.Worker;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code ahjo}: finds the verb, and turns what becomes of it into an exit code. */
@Command(
    name = "ahjo",
    description = "A build orchestrator that does not lose builds.",
    synopsisSubcommandLabel = "VERB",
    footer = {
      "",
      "Verbs that talk to a node find it by --url, AHJO_URL or " + NodeOptions.DEFAULT_URL + ".",
      "AHJO_TOKEN is sent along where the node wants one; --ca or AHJO_CA names the authority of",
      "its certificate. NO_COLOR is honoured.",
      "Exit codes: 0 done or success, 1 the build failed, 2 wrong use, 3 cancelled or shelved,",
      "4 could not reach the node or not allowed."
    })
public final class Main implements Runnable {
  /** A bug: none of the codes that a script may rely on. */
  private static final int BUG = 70;

  @Spec @Nullable CommandSpec spec;

  /** The process's entry. */
  public static void main(String[] args) {
    System.exit(run(Console.ofProcess(), args));
  }

  /** Runs one command line; its exit code. */
  public static int run(Console console, String... args) {
    CommandLine root = new CommandLine(new Main());
    root.addSubcommand(new UpCommand(console));
    root.addSubcommand(new NodeCommand(console));
    root.addSubcommand(new SchemaCommand(console));
    root.addSubcommand(new Worker(console));
    root.addSubcommand(new Token(console));
    CommandLine cert = new CommandLine(new Cert.Verbs());
    Cert.verbs(console).forEach(cert::addSubcommand);
    root.addSubcommand(cert);
    root.addSubcommand(new Check(console));
    root.addSubcommand(new Submit(console));
    root.addSubcommand(new Status(console));
    Tables.verbs(console).forEach(root::addSubcommand);
    root.addSubcommand(new Logs(console));
    root.addSubcommand(new Why(console));
    Steer.verbs(console).forEach(root::addSubcommand);
    root.addSubcommand(new Bench(console));
    everywhere(root, console);
    return root.execute(args);
  }

  private static void everywhere(CommandLine root, Console console) {
    Ansi ansi = console.paint("x", Console.Tone.STRONG).equals("x") ? Ansi.OFF : Ansi.ON;
    root.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
    root.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
    root.setColorScheme(CommandLine.Help.defaultColorScheme(ansi));
    help(root);
    root.getSubcommands().values().forEach(Main::help);
    root.getSubcommands()
        .values()
        .forEach(verb -> verb.getSubcommands().values().forEach(Main::help));
    root.setParameterExceptionHandler((wrong, args) -> {
      console.note("ahjo: " + wrong.getMessage());
      CommandLine.UnmatchedArgumentException.printSuggestions(
          wrong, wrong.getCommandLine().getErr());
      console.note(
          "`"
              + wrong.getCommandLine().getCommandSpec().qualifiedName()
              + " -h` tells how it is used");
      return Exit.USAGE.code();
    });
    root.setExecutionExceptionHandler((thrown, command, parsed) -> {
      if (thrown instanceof CommandFailed failed) {
        if (failed.exit() != Exit.UNREAD) {
          console.note("ahjo: " + failed.text());
        }
        return failed.exit().code();
      }
      console.note("ahjo: a fault of ahjo's own; please report it with these lines:");
      thrown.printStackTrace(console.err());
      return BUG;
    });
  }

  private static void help(CommandLine command) {
    command
        .getCommandSpec()
        .addOption(
            CommandLine.Model.OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help.")
                .build());
  }

  /** No verb: the help, and wrong use. */
  @Override
  public void run() {
    CommandSpec self = java.util.Objects.requireNonNull(spec);
    self.commandLine().usage(self.commandLine().getErr());
    throw new CommandFailed(Exit.USAGE, "Expected a verb");
  }
}
