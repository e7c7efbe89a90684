package dev.ahjo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ahjo} in a checkout whose Maven and JDK only pretend. */
@Tag("processes")
@Timeout(60)
class LauncherTest {
  private static final String MAVEN =
      """
      #!/bin/sh
      echo called >>mvn.calls
      echo "[INFO] Building ahjo-core 0.1.0-SNAPSHOT                 [2/9]"
      [ -z "$SLOW" ] || sleep "$SLOW"
      if [ -n "$BROKEN" ]; then
        echo "[ERROR] /src/Main.java:[3,1] ';' expected"
        exit 1
      fi
      mkdir -p core/target cli/target
      echo "$JAVA_HOME" >core/target/ahjo-core-0.1.0-SNAPSHOT.jar
      echo tests >core/target/ahjo-core-0.1.0-SNAPSHOT-tests.jar
      repository=${PWD%/*}/repository
      mkdir -p "$repository"
      echo "${LIBRARY:-one}" >"$repository/lib.jar"
      own=$PWD/core/target/ahjo-core-0.1.0-SNAPSHOT.jar
      echo "$own:$repository/lib.jar" >cli/target/ahjo.classpath
      """;

  @TempDir Path folder;
  private Path checkout;
  private Path jdk;

  @BeforeEach
  void pretend() throws IOException {
    checkout = Files.createDirectories(folder.resolve("check out"));
    Path launcher = Path.of("..").resolve("ahjo").toAbsolutePath().normalize();
    Files.copy(launcher, checkout.resolve("ahjo"));
    assertThat(checkout.resolve("ahjo").toFile().setExecutable(true)).isTrue();
    Files.writeString(checkout.resolve("pom.xml"), "");
    Files.writeString(
        Files.createDirectories(checkout.resolve("core/src/main")).resolve("A.java"), "");
    Files.writeString(checkout.resolve("core/pom.xml"), "");
    script("bin/mvn", MAVEN);
    jdk = jdk("jdk-25", "25.0.1");
  }

  private Path jdk(String name, String version) throws IOException {
    script(
        name + "/bin/java",
        """
        #!/bin/sh
        echo "JDK %s"
        for word in "$@"; do echo "[$word]"; done
        exit 3
        """
            .formatted(version));
    script(name + "/bin/javac", "#!/bin/sh\n");
    Files.writeString(
        folder.resolve(name + "/release"),
        "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nOS_NAME=\"Linux\"\n");
    return folder.resolve(name);
  }

  private void script(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private record Ran(int exit, String out, String err) {}

  private Process start(List<String> environment, Path err, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("env", "-u", "JAVA_HOME"));
    command.addAll(environment);
    command.add("PATH=" + folder.resolve("bin") + ":" + System.getenv("PATH"));
    command.add(checkout.resolve("ahjo").toString());
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectError(err.toFile()).start();
  }

  private Ran ahjo(List<String> environment, String... words) throws Exception {
    Path err = Files.createTempFile(folder, "err", "");
    Process process = start(environment, err, words);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ran(process.waitFor(), out, Files.readString(err));
  }

  private List<String> withJdk(String... more) {
    List<String> all = new ArrayList<>(List.of("AHJO_JDK=" + jdk));
    all.addAll(List.of(more));
    return all;
  }

  private long builds() throws IOException {
    Path calls = checkout.resolve("mvn.calls");
    return Files.exists(calls) ? Files.readAllLines(calls).size() : 0;
  }

  @Test
  void itBuildsOnceThenBecomesJavaWithTheWordsAsTheyAre() throws Exception {
    Ran first = ahjo(withJdk(), "check", "a file.yaml", "*");

    assertThat(first.err()).contains("building with " + jdk, "[2/9] ahjo-core");
    assertThat(first.out())
        .startsWith("JDK 25.0.1\n")
        .contains("[-XX:+UseCompactObjectHeaders]\n", "[-XX:TieredStopAtLevel=1]\n")
        .endsWith("[dev.ahjo.cli.Main]\n[check]\n[a file.yaml]\n[*]\n");
    assertThat(first.exit()).as("the exit code is Java's").isEqualTo(3);

    Ran second = ahjo(withJdk(), "status");

    assertThat(second.err()).isEmpty();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void theClassPathIsACopyThatALaterBuildDoesNotTouch() throws Exception {
    String path = classPath(ahjo(withJdk(), "status"));
    String[] jars = path.split(":");
    assertThat(jars).hasSize(2);
    String kept = run() + "/";
    assertThat(jars).allMatch(jar -> jar.startsWith(kept));
    assertThat(jars[1]).startsWith(run() + "/libraries/").endsWith("-lib.jar");

    edit("core/src/main/A.java");
    String later = classPath(ahjo(withJdk(), "status"));

    assertThat(builds()).isEqualTo(2);
    assertThat(later).isNotEqualTo(path);
    assertThat(Path.of(jars[0])).exists();
    assertThat(later.split(":")[1]).as("kept once for all builds").isEqualTo(jars[1]);
  }

  @Test
  void someBuildsAreKeptAndNoLibraryThatNoneOfThemUses() throws Exception {
    for (int i = 0; i < 7; i++) {
      edit("core/src/main/A.java");
      ahjo(withJdk("LIBRARY=" + i), "status");
    }

    assertThat(builds()).isEqualTo(7);
    try (Stream<Path> kept = Files.list(run().resolve("libraries"))) {
      assertThat(kept).hasSize(5);
    }
    try (Stream<Path> kept = Files.list(run())) {
      assertThat(kept.filter(f -> f.getFileName().toString().startsWith("20"))).hasSize(5);
    }
  }

  @Test
  void aCopyRunsWithoutWhatItWasBuiltFrom() throws Exception {
    String path = classPath(ahjo(withJdk(), "status"));
    Path copy = folder.resolve("copy");
    assertThat(
            new ProcessBuilder("cp", "-r", checkout.toString(), copy.toString())
                .inheritIO()
                .start()
                .waitFor())
        .isZero();
    String before = run().toString();
    Files.move(checkout, folder.resolve("gone"));
    Files.move(folder.resolve("repository"), folder.resolve("gone-too"));
    checkout = copy;
    touch("core/src/main/A.java");

    Ran ran = ahjo(List.of("-u", "HOME", "AHJO_JDK=" + jdk), "status");

    assertThat(ran.err()).isEmpty();
    assertThat(classPath(ran)).isEqualTo(path.replace(before, run().toString()));
    for (String jar : classPath(ran).split(":")) {
      assertThat(Path.of(jar)).isRegularFile();
    }
    assertThat(builds()).as("older by its times alone").isEqualTo(1);
    assertThat(run()).isDirectoryNotContaining(f -> f.getFileName().toString().contains("seen"));
  }

  private Path run() throws IOException {
    return checkout.toRealPath().resolve("target/ahjo");
  }

  private static String classPath(Ran ran) {
    List<String> words = ran.out().lines().toList();
    String word = words.get(words.indexOf("[-cp]") + 1);
    return word.substring(1, word.length() - 1);
  }

  private void edit(String file) throws IOException {
    Files.writeString(
        checkout.resolve(file), "// again\n", StandardOpenOption.APPEND, StandardOpenOption.CREATE);
    touch(file);
  }

  private void touch(String file) throws IOException {
    Files.setLastModifiedTime(checkout.resolve(file), FileTime.from(Instant.now().plusSeconds(60)));
  }

  @Test
  void whatIsOlderCanBeRunOnRequest() throws Exception {
    ahjo(withJdk(), "status");
    edit("core/pom.xml");

    ahjo(withJdk("AHJO_NO_BUILD=1"), "status");
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void whoMayNotBuildIsToldWhatToRun() throws Exception {
    Ran ran = ahjo(withJdk("AHJO_NO_BUILD=1"), "status");

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err())
        .contains(
            "holds no build that this user may read, and AHJO_NO_BUILD is set",
            "run `" + checkout.toRealPath() + "/ahjo -h` once without it");
    assertThat(builds()).isZero();
  }

  @Test
  void aBuildThatFailsShowsWhyAndRunsNothing() throws Exception {
    Ran ran = ahjo(withJdk("BROKEN=1"), "status");

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err())
        .contains("the build failed", "';' expected", "all of it: ", "target/ahjo-build.log");
    assertThat(ahjo(withJdk(), "status").out()).as("mended").startsWith("JDK");
  }

  @Test
  void twoAtOnceBuildOnce() throws Exception {
    Process first = start(withJdk("SLOW=2"), Files.createTempFile(folder, "err", ""), "status");
    Process second = start(withJdk("SLOW=2"), Files.createTempFile(folder, "err", ""), "status");

    assertThat(new String(first.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .startsWith("JDK");
    assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .startsWith("JDK");
    assertThat(builds()).isEqualTo(1);
    assertThat(checkout.resolve("target/ahjo/lock")).doesNotExist();
  }

  @Test
  void aLockThatAKilledLauncherLeftIsTakenOver() throws Exception {
    Files.createDirectories(checkout.resolve("target/ahjo/lock"));
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    Files.writeString(checkout.resolve("target/ahjo/lock/pid"), gone.pid() + "\n");

    assertThat(ahjo(withJdk(), "status").out()).startsWith("JDK");
  }

  @Test
  void aLockOfALauncherThatWasKilledBeforeItSignedIsTakenOver() throws Exception {
    Files.createDirectories(checkout.resolve("target/ahjo/lock"));

    assertThat(ahjo(withJdk(), "status").out()).startsWith("JDK");
    assertThat(checkout.resolve("target/ahjo/lock")).doesNotExist();
  }

  @Test
  void aJdkThatIsTooOldIsPassedOver() throws Exception {
    Path old = jdk("jdk-17", "17.0.15");
    Path ancient = jdk("jdk-8", "1.8.0_400");

    Ran ran = ahjo(List.of("AHJO_JDK=" + old, "JAVA_HOME=" + jdk), "status");
    assertThat(ran.out()).startsWith("JDK 25.0.1");

    ran = ahjo(List.of("AHJO_JDK=" + ancient, "JAVA_HOME=" + jdk), "status");
    assertThat(ran.out()).startsWith("JDK 25.0.1");
  }

  @Test
  void heapsFitTheVerb() throws Exception {
    assertThat(ahjo(withJdk(), "worker", "--name", "w").out()).contains("[-Xmx96m]\n");
    assertThat(ahjo(withJdk(), "up", "--port", "0").out()).contains("[-Xmx1g]\n");
    assertThat(ahjo(withJdk("AHJO_JAVA_OPTS=-Xmx5g -Dx=y"), "node").out())
        .contains("[-Xmx1g]\n", "[-Xmx5g]\n", "[-Dx=y]\n");
  }

  @Test
  void itIsFoundThroughALinkFromElsewhere() throws Exception {
    Files.createSymbolicLink(folder.resolve("bin/ahjo"), checkout.resolve("ahjo"));
    checkout = folder.resolve("bin");

    assertThat(ahjo(withJdk(), "status").out()).startsWith("JDK 25.0.1");
  }
}
