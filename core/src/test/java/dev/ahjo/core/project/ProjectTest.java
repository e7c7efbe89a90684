package dev.ahjo.core.project;

import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.builder;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.project.Project.Command;
import dev.ahjo.core.project.Project.Fact;
import dev.ahjo.core.project.Project.State;
import org.junit.jupiter.api.Test;

class ProjectTest {
  private static final Command DEFINE =
      new Command.Define(Samples.project(builder("debian")), "ann");
  private static final Command OTHER =
      new Command.Define(Samples.project(builder("debian"), builder("fedora")), "ann");

  static Table<Command, State, Fact> table() {
    return new Table<Command, State, Fact>(new Project(), NOON)
        .state("absent", new State.Absent(0))
        .state("defined", "absent", DEFINE)
        .state("removed", "defined", new Command.Remove("ann"))
        .message("Define", DEFINE)
        .message("Define otherwise", OTHER)
        .message("Remove", new Command.Remove("ann"));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            absent
              Define                 ProjectDefined
              Define otherwise       ProjectDefined
              Remove                 no: NotFound

            defined
              Define                 already so
              Define otherwise       ProjectDefined
              Remove                 ProjectRemoved

            removed
              Define                 ProjectDefined
              Define otherwise       ProjectDefined
              Remove                 already so
            """);
  }

  @Test
  void versionsGoOnCountingAfterARemoval() {
    var again = table().state("again", "removed", DEFINE).get("again");
    assertThat(again)
        .isInstanceOfSatisfying(State.Defined.class, s -> assertThat(s.version()).isEqualTo(3));
  }

  @Test
  void tellsItsBuildersAndLocks() {
    assertThat(new Project().duties(table().get("defined")).keySet())
        .containsExactly("builder:debian");
    assertThat(new Project().duties(table().get("removed"))).isEmpty();
  }
}
