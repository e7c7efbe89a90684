package dev.ahjo.worker.step;

import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** What a step's output says, read from its spool file after its end. */
public final class Output {
  /** How much of the output's end the retry rules see, in bytes. */
  public static final int TAIL = 64 * 1024;

  /** Longer lines are looked at only so far, in bytes. */
  private static final int LINE = 8 * 1024;

  /** How long a project's own expression may look at one step's output. */
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  private static final Pattern GCC = Pattern.compile("(?:^|[:\\s])warning: ");
  private static final Pattern JAVAC = Pattern.compile("^\\[WARNING\\] \\S+\\.java|: warning: ");

  private Output() {}

  /**
   * Counts lines that warn.
   *
   * @param kind {@code gcc}, {@code javac}, or a regular expression
   * @param upTo the size of the output in bytes
   * @throws IOException when the file can't be read
   * @throws Unfit when the expression is wrong or takes too long
   */
  public static int warnings(Path file, long upTo, String kind) throws IOException {
    Pattern pattern =
        switch (kind) {
          case "gcc" -> GCC;
          case "javac" -> JAVAC;
          default -> compile(kind);
        };
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    int count = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      var line = new byte[LINE];
      int length = 0;
      for (long at = 0; at <= upTo; at++) {
        int b = at < upTo ? in.read() : -1;
        if (b == '\n' || b < 0) {
          if (length > 0 && found(pattern, text(line, length), deadline)) {
            count++;
          }
          length = 0;
          if (b < 0) {
            break;
          }
        } else if (length < LINE) {
          line[length++] = (byte) b;
        }
      }
    }
    return count;
  }

  /**
   * The name of the first rule that fits a failed step.
   *
   * @throws IOException when the output can't be read
   * @throws Unfit when a rule's expression is wrong or takes too long
   */
  public static Optional<String> retryRule(
      List<RetryPolicy.Rule> rules,
      StepDefinition step,
      OptionalInt exitCode,
      Optional<String> signal,
      Path file,
      long upTo)
      throws IOException {
    String tail = null;
    for (RetryPolicy.Rule rule : rules) {
      boolean fits =
          (rule.steps().isEmpty()
                  || rule.steps().contains(step.name())
                  || step.kind() instanceof StepDefinition.Kind.Git && rule.steps().contains("git"))
              && (rule.exitCodes().isEmpty()
                  || exitCode.isPresent() && rule.exitCodes().contains(exitCode.getAsInt()))
              && (rule.signals().isEmpty() || signal.filter(rule.signals()::contains).isPresent());
      if (fits && rule.output().isPresent()) {
        if (tail == null) {
          tail = tail(file, upTo);
        }
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        Pattern pattern = compile(rule.output().get());
        fits = tail.lines().anyMatch(line -> found(pattern, line, deadline));
      }
      if (fits) {
        return Optional.of(rule.name());
      }
    }
    return Optional.empty();
  }

  private static String tail(Path file, long upTo) throws IOException {
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      long end = Math.min(upTo, in.length());
      var bytes = new byte[(int) Math.min(TAIL, end)];
      in.seek(end - bytes.length);
      in.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private static String text(byte[] line, int length) {
    return new String(line, 0, length, StandardCharsets.UTF_8);
  }

  private static Pattern compile(String expression) {
    try {
      return Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new Unfit("Expected a regular expression, but found '" + expression + "'");
    }
  }

  private static boolean found(Pattern pattern, String line, long deadline) {
    try {
      return pattern.matcher(new Impatient(line, deadline, pattern)).find();
    } catch (StackOverflowError tooDeep) {
      throw new Unfit("The expression '" + pattern + "' goes too deep on this output");
    }
  }

  /** An expression of the project that cannot be used. */
  public static final class Unfit extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unfit(String message) {
      super(message);
    }
  }

  /** Text that refuses to be read for ever by an expression that backtracks without end. */
  private record Impatient(String text, long deadline, Pattern pattern) implements CharSequence {
    @Override
    public char charAt(int index) {
      if ((index & 63) == 0 && System.nanoTime() - deadline > 0) {
        throw new Unfit("The expression '" + pattern + "' takes too long on this output");
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Impatient(text.substring(start, end), deadline, pattern);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
