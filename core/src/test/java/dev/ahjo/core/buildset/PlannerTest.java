package dev.ahjo.core.buildset;

import static dev.ahjo.core.Samples.SET;
import static dev.ahjo.core.Samples.ZLIB;
import static dev.ahjo.core.Samples.builder;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.buildset.Planner.Planned;
import dev.ahjo.core.buildset.Submission.StampWish;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.Ids;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.project.ProjectDefinition;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private static final ProjectDefinition PROJECT =
      Samples.project(builder("debian"), builder("fedora"), builder("docs", "debian"));

  private static Submission asks(String... builders) {
    return new Submission(
        ZLIB,
        Arrays.stream(builders).map(BuilderName::new).toList(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Map.of(),
        0,
        "a push",
        "ann");
  }

  private static Planned plan(Submission asked) {
    return Planner.plan(PROJECT, 7, asked, SET, "print");
  }

  private static List<Buildset.Node> nodes(Submission asked) {
    if (plan(asked) instanceof Planned.Ready ready) {
      return ready.open().nodes();
    }
    throw new AssertionError(plan(asked));
  }

  private static List<String> problems(Submission asked) {
    if (plan(asked) instanceof Planned.Wrong wrong) {
      return wrong.problems().stream().map(Refusal.Invalid::field).toList();
    }
    throw new AssertionError(plan(asked));
  }

  @Test
  void nobodyNamedMeansAll() {
    assertThat(nodes(asks()))
        .extracting(n -> n.spec().builder().builder().value())
        .containsExactly("debian", "fedora", "docs");
  }

  @Test
  void aPlanThatNoAgentCouldBeSentIsRefused() {
    var asked =
        new Submission(
            PROJECT.name(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Map.of("novel", "x".repeat(Plan.MAX_LENGTH)),
            0,
            "",
            "me");
    assertThat(plan(asked))
        .isInstanceOfSatisfying(
            Planned.Wrong.class,
            wrong -> assertThat(wrong.problems().getFirst().field()).isEqualTo("builders"));
  }

  @Test
  void whatIsNeededComesAlong() {
    assertThat(nodes(asks("docs")))
        .extracting(n -> n.spec().builder().builder().value())
        .containsExactly("debian", "docs");
    assertThat(nodes(asks("docs")).getLast().needs()).containsExactly(Ids.request(SET, 0));
  }

  @Test
  void aPlanIsFixedWithTheVersionItWasMadeFrom() {
    var spec = nodes(asks("debian")).getFirst().spec();
    assertThat(spec.rules().version()).isEqualTo(7);
    assertThat(spec.plan().stamps())
        .containsExactly(
            new SourceStamp("zlib", "https://example.org/zlib", "master", Optional.empty()));
  }

  @Test
  void propertiesOfTheSubmissionComeLast() {
    var asked =
        new Submission(
            ZLIB,
            List.of(),
            Optional.of("topic"),
            Optional.of("abc123"),
            Map.of(),
            Map.of("cflags", "-O0"),
            5,
            "why not",
            "ann");
    var plan = nodes(asked).getFirst().spec().plan();
    assertThat(plan.properties().get("cflags"))
        .isEqualTo(new dev.ahjo.core.property.Property("-O0", "submit"));
    assertThat(plan.stamps().getFirst().branch()).isEqualTo("topic");
    assertThat(plan.stamps().getFirst().revision()).contains("abc123");
  }

  @Test
  void allMistakesAreToldAtOnce() {
    var asked =
        new Submission(
            ZLIB,
            List.of(new BuilderName("debian"), new BuilderName("suse")),
            Optional.of("a b"),
            Optional.of("-x"),
            Map.of("glib", new StampWish(Optional.empty(), Optional.empty())),
            Map.of("a b", "c"),
            1001,
            "",
            "ann");
    assertThat(problems(asked))
        .containsExactlyInAnyOrder(
            "priority", "properties.a b", "builders[1]", "stamps.glib", "branch", "revision");
  }

  @Test
  void anUnknownBuilderIsToldWithThoseThereAre() {
    assertThat(plan(asks("suse")))
        .isInstanceOfSatisfying(
            Planned.Wrong.class,
            wrong ->
                assertThat(wrong.problems().getFirst().text())
                    .isEqualTo(
                        "builders[0]: project zlib has no builder 'suse'"
                            + " (it has: debian, fedora, docs)"));
  }

  @Test
  void aProjectWithoutBuildersBuildsNothing() {
    assertThat(Planner.plan(Samples.project(), 1, asks(), SET, "print"))
        .isInstanceOf(Planned.Wrong.class);
  }
}
