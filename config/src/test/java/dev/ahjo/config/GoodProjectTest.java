package dev.ahjo.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.config.Reading.Invalid;
import dev.ahjo.config.Reading.Valid;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.SchedulerDefinition.Trigger;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.GitMode;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What good files mean. */
class GoodProjectTest {
  static ProjectDefinition project(String text) {
    return switch (ProjectFiles.read("ahjo.yaml", text)) {
      case Valid<ProjectDefinition> valid -> valid.value();
      case Invalid<ProjectDefinition> invalid ->
          throw new AssertionError("Expected a valid file, but found " + invalid.problems());
    };
  }

  private static BuilderDefinition builder(ProjectDefinition project, String name) {
    return project.builder(new BuilderName(name)).orElseThrow();
  }

  private static List<String> names(List<StepDefinition> steps) {
    return steps.stream().map(StepDefinition::name).toList();
  }

  @Test
  void aProjectAsPeopleWriteIt() {
    ProjectDefinition project = project(Examples.text("libxml2.yaml"));

    assertThat(project.name()).hasToString("libxml2");
    assertThat(project.tags()).containsExactly("gnome", "supported");
    assertThat(project.repositories())
        .containsExactly(
            Map.entry(
                "libxml2",
                new Repository(
                    "https://git.example.org/libxml2.git",
                    "master",
                    Optional.of(Duration.ofMinutes(2)))));
    assertThat(project.properties()).containsExactly(Map.entry("cflags", "-O2"));
    assertThat(project.locks()).containsExactly(Map.entry("db", 1));
    assertThat(project.builders().stream().map(b -> b.name().value()))
        .containsExactly("debian", "fedora", "docs-html", "docs-pdf");

    BuilderDefinition debian = builder(project, "debian");
    assertThat(debian.pool()).hasToString("default");
    assertThat(debian.labels()).containsExactly("debian");
    assertThat(debian.limit()).isEqualTo(OptionalInt.of(2));
    assertThat(debian.locks()).containsExactly(new LockUse("db", LockUse.Mode.EXCLUSIVE));
    assertThat(debian.collapse()).isEqualTo(Collapse.SAME_BRANCH);
    assertThat(debian.timeout()).isEqualTo(Duration.ofMinutes(20));
    assertThat(debian.maxTime()).isEqualTo(Duration.ofHours(4));
    assertThat(debian.grace()).isEqualTo(Duration.ofMinutes(10));
    assertThat(debian.retry()).isEqualTo(RetryPolicy.DEFAULT);
    assertThat(debian.env()).containsExactly(Map.entry("LANG", Template.of("C.UTF-8")));
    assertThat(names(debian.steps()))
        .containsExactly("git", "configure", "compile", "version", "test", "tidy", "upload");
    assertThat(debian.steps().getFirst().kind())
        .isEqualTo(new Kind.Git("libxml2", GitMode.CLEAN, false, Optional.empty()));
    StepDefinition test = debian.steps().get(4);
    assertThat(test.onFailure()).isEqualTo(OnFailure.CONTINUE);
    assertThat(test.kind())
        .isEqualTo(
            new Kind.Run(
                List.of(Template.of("make check")),
                true,
                Optional.empty(),
                Optional.of(Template.of("**/*.xml")),
                Optional.empty()));
    assertThat(debian.steps().get(5).always()).isTrue();
    assertThat(debian.steps().get(3).kind())
        .isInstanceOfSatisfying(Kind.Run.class, r -> assertThat(r.set()).contains("version"));
  }

  @Test
  void aBuilderLikeAnotherTakesWhatItDoesNotSay() {
    ProjectDefinition project = project(Examples.text("libxml2.yaml"));
    BuilderDefinition debian = builder(project, "debian");
    BuilderDefinition fedora = builder(project, "fedora");

    assertThat(fedora.labels()).containsExactly("fedora");
    assertThat(fedora.steps()).isEqualTo(debian.steps());
    assertThat(fedora.limit()).isEqualTo(debian.limit());
    assertThat(fedora.group()).isEqualTo(fedora.name());
  }

  @Test
  void aMatrixIsSpreadIntoBuilders() {
    ProjectDefinition project = project(Examples.text("libxml2.yaml"));
    BuilderDefinition html = builder(project, "docs-html");

    assertThat(html.group()).hasToString("docs");
    assertThat(html.matrix()).containsExactly(Map.entry("format", "html"));
    assertThat(html.needs()).containsExactly(new BuilderName("debian"));
    assertThat(html.when())
        .isEqualTo(
            new Condition.Equal(
                new Condition.Operand.Name("branch"), new Condition.Operand.Text("master")));
    assertThat(project.named(new BuilderName("docs"))).hasSize(2);
  }

  @Test
  void schedulersAndNotifiersAreKeptWithAWarning() {
    Reading<ProjectDefinition> reading = ProjectFiles.read("a.yaml", Examples.text("libxml2.yaml"));
    ProjectDefinition project = project(Examples.text("libxml2.yaml"));

    assertThat(project.schedulers().stream().map(s -> s.name()))
        .containsExactly("change", "time", "success", "release");
    assertThat(project.schedulers().get(1).on())
        .isEqualTo(new Trigger.Time("0 3 * * *", "Europe/Helsinki", true));
    assertThat(project.notifiers()).hasSize(1);
    assertThat(reading.problems().stream().map(Problem::toString))
        .containsExactly(
            "a.yaml:4:73: warning: poll is not acted upon yet by this version",
            "a.yaml:29:1: warning: schedulers are not acted upon yet by this version",
            "a.yaml:34:1: warning: notify is not acted upon yet by this version");
  }

  @Test
  void everyKeyOfTheFormat() {
    ProjectDefinition project = project(Examples.text("everything.yaml"));

    assertThat(project.properties()).isEqualTo(Map.of("jobs", "2", "version", "1.10", "quick", ""));
    assertThat(project.locks()).isEqualTo(Map.of("db", 2, "screen", 1, "other", 1));
    assertThat(project.builders().stream().map(b -> b.name().value()))
        .containsExactly(
            "build-debian-gcc",
            "build-debian-clang-19",
            "build-fedora-gcc",
            "build-fedora-clang-19",
            "same-os-debian-gcc",
            "same-os-debian-clang-19",
            "same-os-fedora-gcc",
            "same-os-fedora-clang-19",
            "last");

    BuilderDefinition build = builder(project, "build-fedora-clang-19");
    assertThat(build.pool()).hasToString("pool-fedora");
    assertThat(build.labels()).isEqualTo(Set.of("fedora", "x86"));
    assertThat(build.properties()).isEqualTo(Map.of("opt", "-O2", "jobs", "4"));
    assertThat(build.env().keySet()).isEqualTo(Set.of("LANG", "PROJECT", "CC", "STAMP"));
    assertThat(build.grace()).isEqualTo(Duration.ofMinutes(1));
    assertThat(build.retry().limit()).isEqualTo(2);
    assertThat(build.retry().firstBackoff()).isEqualTo(Duration.ofSeconds(5));
    assertThat(build.retry().rules())
        .containsExactly(
            RetryPolicy.Rule.CHECKOUT,
            new RetryPolicy.Rule(
                "flaky",
                Set.of("test"),
                Set.of(75, 111),
                Set.of("KILL", "BUS"),
                Optional.of("try again")));
    assertThat(names(build.steps()))
        .containsExactly("git", "lib", "set", "plain", "cat", "test", "upload", "make");
    assertThat(build.steps().getFirst().kind())
        .isEqualTo(new Kind.Git("app", GitMode.CLOBBER, true, Optional.of(1)));
    assertThat(build.steps().getFirst().timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(build.steps().getFirst().maxOutput()).isEqualTo(5 * 1024 * 1024);
    assertThat(build.steps().get(3).timeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(build.steps().get(3).kind())
        .isInstanceOfSatisfying(
            Kind.Run.class,
            run -> {
              assertThat(run.shell()).isFalse();
              assertThat(run.command().stream().map(Template::toString))
                  .containsExactly("make", "-j${properties.jobs}", "a b", "7");
            });

    BuilderDefinition same = builder(project, "same-os-fedora-gcc");
    assertThat(same.needs()).containsExactly(new BuilderName("build-fedora-gcc"));
    assertThat(same.steps().getFirst().kind())
        .isEqualTo(new Kind.Download("build-fedora-gcc", Template.of("*.tar")));
    assertThat(builder(project, "last").needs()).hasSize(8);
  }

  @Test
  void theFirstRepositoryOfTheFileStaysFirst() {
    String file =
        """
        project: p
        repositories: {z: {git: z}, y: {git: y}, a: {git: a}, x: {git: x}}
        builders: {b: {steps: [{git: z}]}}
        """;

    assertThat(project(file).repositories().keySet()).containsExactly("z", "y", "a", "x");
  }

  @Test
  void anchorsAndMergeKeysWork() {
    String file =
        """
        project: p
        builders:
          a: &a {limit: 3, steps: &steps [{run: x}]}
          b: {<<: *a, tags: [t]}
          c: {steps: *steps}
        """;

    ProjectDefinition project = project(file);
    assertThat(builder(project, "b").limit()).isEqualTo(OptionalInt.of(3));
    assertThat(builder(project, "b").steps()).isEqualTo(builder(project, "a").steps());
    assertThat(builder(project, "c").limit()).isEmpty();
  }

  @Test
  void jsonIsYaml() {
    ProjectDefinition project = project(Examples.text("smallest.json"));

    StepDefinition only = builder(project, "all").steps().getFirst();
    assertThat(only.name()).isEqualTo("true");
    assertThat(only.timeout()).isEqualTo(Duration.ofMinutes(20));
    assertThat(only.maxTime()).isEqualTo(Duration.ofHours(4));
    assertThat(only.maxOutput()).isEqualTo(1_000_000_000L);
  }
}
