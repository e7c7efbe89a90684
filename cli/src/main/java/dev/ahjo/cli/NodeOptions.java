package dev.ahjo.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which node a client verb talks to, and whether it answers for people or for programs. */
public final class NodeOptions {
  static final String DEFAULT_URL = "http://localhost:8010";

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "The node; else AHJO_URL, else " + DEFAULT_URL + ".")
  @Nullable String url;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = {
        "PEM of the authority that must have signed the node's certificate, such as",
        "workers-ca.pem; else AHJO_CA, else the system's authorities."
      })
  @Nullable Path authority;

  @Option(names = "--json", description = "Print the node's JSON.")
  boolean json;

  public boolean json() {
    return json;
  }

  /** Who must have signed the node's certificate. */
  public Trust trust(Console console) {
    return new Trust(
        Optional.ofNullable(authority).or(() -> console.variable("AHJO_CA").map(Path::of)));
  }

  /** The node, with AHJO_TOKEN as the bearer token if that is set. */
  public Client client(Console console) {
    return client(
        console,
        Optional.ofNullable(url).or(() -> console.variable("AHJO_URL")).orElse(DEFAULT_URL));
  }

  /** The node at {@code text}, likewise. */
  public Client client(Console console, String text) {
    try {
      URI uri = URI.create(text);
      if (uri.getHost() != null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
        return new Client(uri, console.variable("AHJO_TOKEN"), trust(console));
      }
    } catch (IllegalArgumentException notAnAddress) {
      // told below
    }
    throw new CommandFailed(
        Exit.USAGE, "Expected an address such as http://localhost:8010, but found '" + text + "'");
  }

  /** Prints {@code answer} as it came. */
  public static void print(Console console, JsonNode answer) {
    console.line(answer.toPrettyString());
  }
}
