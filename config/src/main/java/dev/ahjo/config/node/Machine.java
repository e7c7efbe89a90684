package dev.ahjo.config.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What settings may take from the machine that they are read on, so that one file serves several.
 *
 * @param name the machine's own, if it tells one
 * @param environment of the process
 */
public record Machine(Optional<String> name, Map<String, String> environment) {
  private static final Path KERNELS = Path.of("/proc/sys/kernel/hostname");
  private static final Pattern HOLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

  public Machine {
    environment = Map.copyOf(environment);
  }

  /** This one. */
  public static Machine here() {
    return new Machine(hostname(), System.getenv());
  }

  /** Asked of the kernel: a look-up by name may wait for a name server, and fail. */
  private static Optional<String> hostname() {
    Optional<String> kernels = Optional.empty();
    try {
      kernels = Files.readString(KERNELS).lines().findFirst();
    } catch (IOException notLinux) {
      // Others tell it in the environment.
    }
    return kernels
        .or(() -> Optional.ofNullable(System.getenv("HOSTNAME")))
        .or(() -> Optional.ofNullable(System.getenv("COMPUTERNAME")))
        .map(String::strip)
        .filter(name -> !name.isEmpty());
  }

  /** The text with each {@code ${NAME}} filled; as it is where the environment has no such. */
  String filled(String text) {
    return HOLE.matcher(text)
        .replaceAll(hole ->
            Matcher.quoteReplacement(environment.getOrDefault(hole.group(1), hole.group())));
  }

  /** The first {@code ${NAME}} that the environment has no value for. */
  Optional<String> missing(String text) {
    return HOLE.matcher(text)
        .results()
        .map(hole -> hole.group(1))
        .filter(name -> !environment.containsKey(name))
        .findFirst();
  }
}
