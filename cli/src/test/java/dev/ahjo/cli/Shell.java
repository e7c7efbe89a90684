package dev.ahjo.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** Runs command lines against one node and keeps what they say. */
final class Shell {
  static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  private final Map<String, String> variables = new HashMap<>();
  private boolean terminal;

  Shell(URI node) {
    variables.put("AHJO_URL", node.toString());
    variables.put("USER", "matti");
  }

  Shell with(String variable, String value) {
    variables.put(variable, value);
    return this;
  }

  Shell onTerminal() {
    terminal = true;
    return this;
  }

  /** What a command line said, and its exit code. */
  record Said(int exit, String out, String err) {}

  Said ahjo(String... args) {
    return run(new ByteArrayOutputStream(), args);
  }

  /** As into a pipe whose reader has gone. */
  Said unread(String... args) {
    return run(
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        },
        args);
  }

  private Said run(OutputStream out, String... args) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(out, err, terminal, variables, InstantSource.fixed(NOW));
    int exit = Main.run(console, args);
    return new Said(
        exit,
        out instanceof ByteArrayOutputStream kept ? kept.toString(StandardCharsets.UTF_8) : "",
        err.toString(StandardCharsets.UTF_8));
  }
}
