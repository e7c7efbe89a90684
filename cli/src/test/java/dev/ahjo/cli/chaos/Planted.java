package dev.ahjo.cli.chaos;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Bugs that are planted to see whether a chaos run finds them. Each is a few words of the product
 * put otherwise, compiled apart; its class files go before the product's own on the class path of
 * nodes and workers. The product has no switch for any of it.
 */
enum Planted {
  /** A worker that was given up is let go on, its reports are taken, and its end is believed. */
  NO_FENCING(
      Set.of(Storm.Kind.AWAY),
      // The last, since read tables stand still at what can't have happened.
      Set.of(
          "no stale attempt is believed",
          "a request ends once",
          "who has a result has run",
          "what is acknowledged ends"),
      new Change(
          "core/src/main/java/dev/ahjo/core/worker/Worker.java",
          "return lease != null && lease.lost().isEmpty();",
          "return true;"),
      new Change(
          "core/src/main/java/dev/ahjo/core/build/Build.java",
          "refuse(new Refusal.Superseded(\"a report of \" + s.body().build(), \"its end\"))",
          "(c.reports().getLast() instanceof StepReport.BuildEnded ? accept(new Fact.BuildFinished("
              + "s.lastReport() + 99, Result.SUCCESS, new Ending.Completed(Result.SUCCESS), now))"
              + " : Decision.<Fact>accept(List.of()))"),
      new Change(
          "core/src/main/java/dev/ahjo/core/request/BuildRequest.java",
          "case When(State.Running s, Command.EndAttempt c) when c.build().equals(s.build()) ->",
          "case When(State.Running s, Command.EndAttempt c) ->")),

  /** How long a worker was away is taken from the clock on the wall. */
  WALL_CLOCK_LEASES(
      Set.of(Storm.Kind.CLOCK_WHILE_CUT),
      Set.of("a lease is lost only for cause"),
      new Change(
          "core/src/main/java/dev/ahjo/core/worker/Worker.java",
          "&& away.last().equals(c.last())",
          "&& !away.since().plus(lease.grace()).isAfter(now)"),
      new Change(
          "core/src/main/java/dev/ahjo/core/worker/Worker.java",
          "case Command.GraceOver c -> graceOver(s, c);",
          "case Command.GraceOver c -> graceOver(s, c, now);"),
      new Change(
          "core/src/main/java/dev/ahjo/core/worker/Worker.java",
          "graceOver(State s, Command.GraceOver c) {",
          "graceOver(State s, Command.GraceOver c, Instant now) {"),
      new Change(
          "core/src/main/java/dev/ahjo/core/worker/Worker.java",
          "lease.grace(),\n                  lease.grace(),\n",
          "Duration.ZERO,\n                  Duration.ZERO,\n")),

  /** An agent that comes back starts again what it finds in its folder. */
  RUNS_AGAIN(
      Set.of(Storm.Kind.KILL_WORKER),
      Set.of("a build runs once"),
      new Change(
          "worker/src/main/java/dev/ahjo/worker/process/Supervised.java",
          "return foundWithoutLaunch(spool);",
          "return new Found.Nothing();"),
      new Change(
          "worker/src/main/java/dev/ahjo/worker/process/Supervised.java",
          "if (launch.size() < 3) {",
          "if (true) {")),

  /** The journal acknowledges what is not on disk. */
  NO_FORCE(
      Set.of(Storm.Kind.POWER_NODE),
      Set.of(
          "what is acknowledged ends",
          "a request ends once",
          "reads never go backwards",
          "a node ends only when it is lost"),
      new Change(
          "persistence/src/main/java/dev/ahjo/persistence/journal/DurableFiles.java",
          "file.force(metaData);",
          ""));

  /** Words of a source file, and what they become. */
  record Change(String source, String from, String to) {}

  final Set<Storm.Kind> kinds;
  final Set<String> rules;
  private final List<Change> changes;

  /**
   * @param kinds of fault that bring it to light
   * @param rules of which it breaks at least one
   */
  Planted(Set<Storm.Kind> kinds, Set<String> rules, Change... changes) {
    this.kinds = kinds;
    this.rules = rules;
    this.changes = List.of(changes);
  }

  /**
   * Compiles it.
   *
   * @param root of the repository
   * @return what goes before the product's own on the class path
   * @throws IOException when the product no longer has what is to be put otherwise
   */
  List<String> compile(Path root, Path into) throws IOException {
    Path folder = Files.createDirectories(into.resolve(name()));
    List<Path> sources = new ArrayList<>();
    for (Change change : changes) {
      Path copy = folder.resolve(Path.of(change.source()).getFileName());
      String text = Files.readString(Files.exists(copy) ? copy : root.resolve(change.source()));
      if (!text.contains(change.from())) {
        throw new IOException(change.source() + ": expected to find " + change.from());
      }
      Files.writeString(copy, text.replace(change.from(), change.to()));
      sources.add(copy);
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var said = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-nowarn",
              "-proc:none",
              "-parameters",
              "-cp",
              System.getProperty("java.class.path"),
              "-d",
              folder.toString());
      var units = files.getJavaFileObjectsFromPaths(sources);
      if (!compiler.getTask(said, files, null, options, null, units).call()) {
        throw new IOException(this + " does not compile: " + said);
      }
    }
    return List.of(folder.toString());
  }
}
