package dev.ahjo.cli;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The house's plan: which module sees which, which way the path goes, and what core is kept from.
 */
class ArchitectureTest {
  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.ahjo");

  /** What each module may import, besides itself. Siblings never see each other. */
  private static final Map<String, Set<String>> ARROWS =
      Map.of(
          "core", Set.of(),
          "wire", Set.of("core"),
          "config", Set.of("core"),
          "persistence", Set.of("core", "wire"),
          "worker", Set.of("core", "wire"),
          "http", Set.of("core", "wire"),
          "cluster", Set.of("core", "wire", "persistence", "http", "config"),
          "cli", Set.of("core", "wire", "config", "cluster", "worker"));

  /** The path that a build walks, earliest first; an earlier stage never imports a later one. */
  private static final List<String> PATH =
      List.of(
          "change",
          "schedule",
          "buildset",
          "request",
          "builder",
          "lock",
          "pool",
          "build",
          "step",
          "worker",
          "log",
          "status");

  /**
   * Where the house goes against the path, and why that is right. Each must still be so: what has
   * been mended leaves this list.
   */
  private static final Map<String, String> AGAINST_THE_PATH =
      Map.of(
          "dev.ahjo.core.worker.Protocol -> dev.ahjo.core.log",
          "a worker's messages carry pieces of logs",
          "dev.ahjo.core.build.Build -> dev.ahjo.core.step",
          "a build's journal holds its steps: they have no entity of their own",
          "dev.ahjo.core.build.Verdict -> dev.ahjo.core.step",
          "how a build ended is read off how its steps did",
          "dev.ahjo.core.build.Build -> dev.ahjo.core.worker",
          "a build owes its agent the plan and the acknowledgements, in the protocol's words",
          "dev.ahjo.cluster.worker.SessionActor -> dev.ahjo.core.log",
          "a session sorts the pieces of logs from the reports",
          "dev.ahjo.cluster.worker.Pieces -> dev.ahjo.core.log",
          "pieces of logs change their encoding at the gate",
          "dev.ahjo.cluster.worker.StreamDesk -> dev.ahjo.core.log",
          "the gate hands pieces of logs to the store");

  static Set<String> modules() {
    return new TreeSet<>(ARROWS.keySet());
  }

  @ParameterizedTest
  @MethodSource("modules")
  void aModuleSeesOnlyThoseBelowIt(String module) {
    Set<String> allowed = ARROWS.getOrDefault(module, Set.of());
    Set<String> wrong = new TreeSet<>();
    for (Dependency dependency : dependenciesOf("dev.ahjo." + module)) {
      String other = module(dependency.getTargetClass());
      if (!other.isEmpty() && !other.equals(module) && !allowed.contains(other)) {
        wrong.add(dependency.getDescription());
      }
    }
    assertThat(wrong).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void anEarlierStageNeverImportsALaterOne(String module) {
    Map<String, String> wrong = new LinkedHashMap<>();
    for (Dependency dependency : dependenciesOf("dev.ahjo." + module)) {
      Optional<Integer> from = stage(module, dependency.getOriginClass());
      Optional<Integer> to = stage("core", dependency.getTargetClass());
      if (to.isEmpty()) {
        to = stage(module, dependency.getTargetClass());
      }
      if (module.equals("http") && shown(dependency)) {
        continue;
      }
      if (from.isPresent() && to.isPresent() && from.get() < to.get()) {
        String arrow =
            top(dependency.getOriginClass())
                + " -> "
                + dependency.getTargetClass().getPackageName();
        wrong.putIfAbsent(arrow, dependency.getDescription());
      }
    }
    AGAINST_THE_PATH.keySet().stream()
        .filter(arrow -> arrow.startsWith("dev.ahjo." + module + "."))
        .forEach(known ->
            assertThat(wrong.remove(known))
                .as("%s is mended; take it off the list", known)
                .isNotNull());
    assertThat(wrong).isEmpty();
  }

  /** What http shows of each stage is its status, and it shows a build with its steps. */
  private static boolean shown(Dependency dependency) {
    String from = dependency.getOriginClass().getPackageName();
    String to = dependency.getTargetClass().getPackageName();
    return to.equals("dev.ahjo.core.status")
        || (from.equals("dev.ahjo.http.build") && to.equals("dev.ahjo.http.step"));
  }

  /**
   * What all stages share knows none of them, but for the two messages that the kernel must hand
   * on.
   */
  @Test
  void whatTheStagesShareKnowsNoStage() {
    Set<String> wrong = new TreeSet<>();
    for (String shared : List.of("id", "kernel", "property", "project")) {
      for (Dependency dependency : dependenciesOf("dev.ahjo.core." + shared)) {
        if (stage("core", dependency.getTargetClass()).isPresent()) {
          wrong.add(top(dependency.getOriginClass()) + " -> " + top(dependency.getTargetClass()));
        }
      }
    }
    assertThat(wrong).containsExactly("dev.ahjo.core.kernel.Duty -> dev.ahjo.core.worker.Protocol");
  }

  @Test
  void coreKnowsNoFrameworkNorDatabaseNorThread() {
    noClasses()
        .that()
        .resideInAPackage("dev.ahjo.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.pekko..",
            "scala..",
            "com.fasterxml..",
            "org.slf4j..",
            "java.sql..",
            "javax.sql..",
            "java.net..",
            "java.nio.file..",
            "java.util.concurrent.locks..",
            "java.util.concurrent.atomic..")
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(
            Thread.class,
            ThreadLocal.class,
            java.util.concurrent.Executor.class,
            java.util.concurrent.ExecutorService.class,
            java.util.concurrent.Executors.class,
            Clock.class,
            InstantSource.class,
            Random.class,
            RandomGenerator.class,
            ThreadLocalRandom.class)
        .check(HOUSE);
  }

  @Test
  void coreIsToldTheTimeAndTheChanceAndWaitsForNothing() {
    noClasses()
        .that()
        .resideInAPackage("dev.ahjo.core..")
        .should()
        .callMethodWhere(
            calls(Instant.class, "now")
                .or(calls(System.class, "currentTimeMillis|nanoTime|getenv|getProperty"))
                .or(calls(java.util.concurrent.CompletableFuture.class, ".*Async|join|get"))
                .or(calls(Math.class, "random"))
                .or(calls(java.util.UUID.class, "randomUUID"))
                .or(
                    target(nameMatching("now"))
                        .and(
                            target(
                                owner(
                                    DescribedPredicate.describe(
                                        "of java.time",
                                        (JavaClass c) ->
                                            c.getPackageName().equals("java.time")))))))
        .check(HOUSE);
  }

  @Test
  void noFolderIsADrawerForAnything() {
    noClasses()
        .should()
        .resideInAnyPackage("..util..", "..utils..", "..common..", "..helper..", "..misc..")
        .check(HOUSE);
    noClasses()
        .should()
        .haveSimpleNameEndingWith("Manager")
        .orShould()
        .haveSimpleNameEndingWith("Helper")
        .orShould()
        .haveSimpleNameEndingWith("Impl")
        .orShould()
        .haveSimpleNameEndingWith("Utils")
        .check(HOUSE);
  }

  /** A rule over no classes would pass whatever the house is like. */
  @Test
  void theHouseWasLookedAt() {
    for (String module : modules()) {
      assertThat(HOUSE.stream().filter(c -> module(c).equals(module))).as(module).isNotEmpty();
    }
    assertThat(dependenciesOf("dev.ahjo.core")).hasSizeGreaterThan(100);
  }

  private static DescribedPredicate<JavaCall<?>> calls(Class<?> type, String names) {
    return target(owner(DescribedPredicate.describe(type.getName(), c -> c.isEquivalentTo(type))))
        .and(target(nameMatching(names)));
  }

  private static List<Dependency> dependenciesOf(String prefix) {
    return HOUSE.stream()
        .filter(c -> (c.getPackageName() + ".").startsWith(prefix + "."))
        .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
        .filter(d -> d.getTargetClass().getPackageName().startsWith("dev.ahjo."))
        .toList();
  }

  /** The module of one of our classes, else empty. */
  private static String module(JavaClass of) {
    String[] parts = of.getPackageName().split("\\.");
    return parts.length > 2 && parts[0].equals("dev") && parts[1].equals("ahjo") ? parts[2] : "";
  }

  /** The place on the path of a class of {@code module}, if its folder is a stage. */
  private static Optional<Integer> stage(String module, JavaClass of) {
    String[] parts = of.getPackageName().split("\\.");
    if (parts.length < 4 || !parts[2].equals(module) || !PATH.contains(parts[3])) {
      return Optional.empty();
    }
    return Optional.of(PATH.indexOf(parts[3]));
  }

  /** The file's class: what is nested in it is the same room. */
  private static String top(JavaClass of) {
    String name = of.getName();
    int nested = name.indexOf('$');
    return nested < 0 ? name : name.substring(0, nested);
  }
}
