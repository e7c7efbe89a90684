package dev.ahjo.persistence.cassandra.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a Cassandra server is run with: a JDK that it can run on, and its class path, which the
 * module {@code cassandra-server} leaves in a file so that its libraries never meet ours.
 *
 * @param java the executable
 * @param classPath as {@code java -cp} takes it
 */
record ServerProgram(Path java, String classPath) {
  /** Names the file of the class path, for those who don't build with Maven. */
  private static final String CLASS_PATH_PROPERTY = "ahjo.cassandra.classpath";

  private static final String JAVA_HOME_VARIABLE = "CASSANDRA_JAVA_HOME";
  private static final Path CLASS_PATH =
      Path.of("cassandra-server", "target", "cassandra.classpath");
  private static final Path JDKS = Path.of("/usr/lib/jvm");

  /**
   * What {@code bin/cassandra} opens for it on JDK 17, and what makes a small server start fast.
   */
  private static final List<String> FLAGS =
      """
      -XX:+UseSerialGC -Xss256k -XX:+PerfDisableSharedMem -XX:+ExitOnOutOfMemoryError
      -XX:TieredStopAtLevel=1 -Djdk.attach.allowAttachSelf=true
      -Djava.net.preferIPv4Stack=true -Dio.netty.tryReflectionSetAccessible=true
      --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED
      --add-exports=java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED
      --add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED
      --add-exports=java.rmi/sun.rmi.server=ALL-UNNAMED
      --add-exports=java.sql/java.sql=ALL-UNNAMED
      --add-exports=java.base/java.lang.ref=ALL-UNNAMED
      --add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED
      --add-opens=java.base/java.lang.module=ALL-UNNAMED
      --add-opens=java.base/jdk.internal.loader=ALL-UNNAMED
      --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED
      --add-opens=java.base/jdk.internal.reflect=ALL-UNNAMED
      --add-opens=java.base/jdk.internal.math=ALL-UNNAMED
      --add-opens=java.base/jdk.internal.module=ALL-UNNAMED
      --add-opens=java.base/jdk.internal.util.jar=ALL-UNNAMED
      --add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED
      --add-opens=java.base/sun.nio.ch=ALL-UNNAMED
      --add-opens=java.base/java.io=ALL-UNNAMED
      --add-opens=java.base/java.nio=ALL-UNNAMED
      --add-opens=java.base/java.lang.reflect=ALL-UNNAMED
      --add-opens=java.base/java.lang=ALL-UNNAMED
      --add-opens=java.base/java.util=ALL-UNNAMED
      --add-opens=java.base/java.util.concurrent=ALL-UNNAMED
      -Dcassandra-foreground=yes -Dcassandra.ring_delay_ms=100
      -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.shutdown_announce_in_ms=0
      -Dcassandra.superuser_setup_delay_ms=0 -Dcassandra.consistent.rangemovement=false
      """
          .lines()
          .flatMap(line -> Stream.of(line.strip().split(" ")))
          .toList();

  /**
   * Finds both.
   *
   * @throws IOException saying what is missing and how to get it
   */
  static ServerProgram find() throws IOException {
    return new ServerProgram(java17(), Files.readString(classPathFile()).strip());
  }

  /**
   * The command of one server, whose folder {@code conf} holds its settings.
   *
   * @param temporary where it may leave what it unpacks, when it is killed
   */
  List<String> command(Path conf, Path data, Path temporary, int heapMiB) throws IOException {
    String agent =
        Stream.of(classPath.split(":"))
            .filter(jar -> jar.contains("/jamm-"))
            .findFirst()
            .orElseThrow(
                () -> new IOException("Expected jamm in Cassandra's class path, but found none"));
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.addAll(FLAGS);
    command.addAll(
        List.of(
            "-javaagent:" + agent,
            "-Xms" + heapMiB + "m",
            "-Xmx" + heapMiB + "m",
            "-Djava.io.tmpdir=" + temporary,
            "-Dcassandra.config=" + conf.resolve("cassandra.yaml").toUri(),
            "-Dcassandra.storagedir=" + data,
            "-Dcassandra.logdir=" + conf,
            "-cp",
            conf + ":" + classPath,
            "org.apache.cassandra.service.CassandraDaemon"));
    return command;
  }

  private static Path classPathFile() throws IOException {
    @Nullable String named = System.getProperty(CLASS_PATH_PROPERTY);
    if (named != null) {
      return Path.of(named);
    }
    for (@Nullable Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
      Path file = up.resolve(CLASS_PATH);
      if (Files.isReadable(file)) {
        return file;
      }
    }
    throw new IOException(
        "The class path of the Cassandra server is not there: expected "
            + CLASS_PATH
            + " in a folder above "
            + Path.of("").toAbsolutePath()
            + "; 'mvn -pl cassandra-server generate-resources' writes it, or name a file with -D"
            + CLASS_PATH_PROPERTY);
  }

  private static Path java17() throws IOException {
    @Nullable String named = System.getenv(JAVA_HOME_VARIABLE);
    List<Path> homes = new ArrayList<>();
    if (named != null) {
      homes.add(Path.of(named));
    } else if (Files.isDirectory(JDKS)) {
      try (Stream<Path> all = Files.list(JDKS)) {
        all.sorted().forEach(homes::add);
      }
    }
    return homes.stream()
        .filter(ServerProgram::is17)
        .findFirst()
        .map(home -> home.resolve("bin/java"))
        .orElseThrow(() ->
            new IOException(
                "Cassandra 5.0 needs a JDK 17: expected one in "
                    + Optional.ofNullable(named).orElse(JDKS.toString())
                    + ", but found none; install openjdk-17-jdk-headless or set "
                    + JAVA_HOME_VARIABLE));
  }

  private static boolean is17(Path home) {
    if (!Files.isExecutable(home.resolve("bin/java"))) {
      return false;
    }
    try {
      return Files.readString(home.resolve("release")).contains("JAVA_VERSION=\"17");
    } catch (IOException untold) {
      return String.valueOf(home.getFileName()).contains("17");
    }
  }
}
