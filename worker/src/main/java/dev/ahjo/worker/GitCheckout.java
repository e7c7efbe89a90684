package dev.ahjo.worker;

import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A {@code git} step. All of it is one shell script under one supervisor, so that an agent that was
 * killed in the middle finds a checkout again as it finds any command.
 */
final class GitCheckout {
  /** Nothing may wait for a person to type a password. */
  private static final Map<String, String> ENV =
      Map.of("GIT_TERMINAL_PROMPT", "0", "GIT_SSH_COMMAND", "ssh -o BatchMode=yes");

  private final StepRun step;
  private final StepDefinition.Kind.Git git;

  GitCheckout(StepRun step, StepDefinition.Kind.Git git) {
    this.step = step;
    this.git = git;
  }

  StepOutcome run() throws InterruptedException, IOException, StepRun.Unrunnable {
    SourceStamp stamp =
        step.held().plan().stamps().stream()
            .filter(s -> s.repository().equals(git.repository()))
            .findFirst()
            .orElseThrow(() ->
                new StepRun.Unrunnable(
                    "Expected a source stamp of the repository '"
                        + git.repository()
                        + "', but the build has none"));
    for (String word : List.of(stamp.url(), stamp.branch(), stamp.revision().orElse(""))) {
      if (word.startsWith("-") || word.indexOf('\0') >= 0) {
        throw new StepRun.Unrunnable(
            "Expected a repository's address, branch and revision, but found '" + word + "'");
      }
    }
    Path workdir = step.workdir();
    Path script = step.spool().resolve("checkout.sh");
    if (Files.notExists(script)) {
      DataFolder.write(script, script());
    }
    Path found = step.spool().resolve("revision");
    CommandRun.Finish finish = step.command(command(script, stamp, found), workdir, ENV, false);
    StepOutcome outcome = step.outcome(finish);
    if (outcome.result() != Result.SUCCESS) {
      return outcome;
    }
    String revision = Files.readString(found).strip();
    if (stamp.revision().isEmpty()) {
      step.report().accept(new StepReport.RevisionFound(Instant.now(), git.repository(), revision));
    }
    return outcome;
  }

  private List<String> command(Path script, SourceStamp stamp, Path found) {
    var words = new ArrayList<String>(shell());
    words.addAll(
        List.of(
            script.toAbsolutePath().toString(),
            stamp.url(),
            stamp.branch(),
            stamp.revision().orElse(""),
            Integer.toString(git.depth().orElse(0)),
            git.mode().name().toLowerCase(Locale.ROOT),
            Boolean.toString(git.submodules()),
            found.toAbsolutePath().toString()));
    return words;
  }

  /** Git for Windows brings a shell along, and runs an alias with it. */
  private static List<String> shell() {
    return java.io.File.separatorChar == '\\'
        ? List.of("git", "-c", "alias.ahjo=!sh", "ahjo")
        : List.of("/bin/sh");
  }

  private static byte[] script() throws IOException {
    try (InputStream in = GitCheckout.class.getResourceAsStream("checkout.sh")) {
      if (in == null) {
        throw new IOException("Expected checkout.sh in the agent's own jar, but it is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .replace("\r\n", "\n")
          .getBytes(StandardCharsets.UTF_8);
    }
  }
}
