package dev.ahjo.http.buildset;

import dev.ahjo.core.Farm.Submitted;
import dev.ahjo.core.id.AskId;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.Ids;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * The ids of buildsets, and what is answered to those who ask for one. Under an idempotency key the
 * id is the key's own, so that a repetition reaches the same buildset, on whichever node and after
 * whatever crash; the fingerprint tells a repetition from a key used twice. A key that tells its
 * time gives it to the id, so that it sorts among others (adr/0025).
 */
public final class Submissions {
  private static final int MAX_KEY = 255;

  private static final Pattern UUID_7 =
      Pattern.compile(
          "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
          Pattern.CASE_INSENSITIVE);

  private final InstantSource clock;
  private final RandomGenerator chance;

  public Submissions(InstantSource clock, RandomGenerator chance) {
    this.clock = clock;
    this.chance = chance;
  }

  /**
   * The id for what {@code call} asks for.
   *
   * @param of what the key belongs to, such as the project: keys of others are other keys
   */
  public BuildsetId id(Call call, String of) {
    return new BuildsetId(made(call, of));
  }

  /** The id of what {@code call} asks for, if it makes nothing; {@code of} as for {@link #id}. */
  public AskId ask(Call call, String of) {
    return new AskId(made(call, of));
  }

  private String made(Call call, String of) {
    Optional<String> key = call.header("Idempotency-Key").map(String::strip);
    if (key.isEmpty()) {
      return Ids.at(clock.instant(), chance.nextInt(1 << 16), chance.nextLong());
    }
    if (key.get().isEmpty() || key.get().length() > MAX_KEY) {
      throw Problem.parameter(
          "Idempotency-Key",
          "expected 1 to " + MAX_KEY + " characters, but found " + key.get().length());
    }
    ByteBuffer hash = ByteBuffer.wrap(sha256(of + "\n" + call.by() + "\n" + key.get()));
    // 48 bits stand where other ids have their time, 80 where they have their chance.
    Instant hashed = Instant.ofEpochMilli(hash.getLong() >>> 16);
    return Ids.at(time(key.get()).orElse(hashed), hash.getShort() & 0xffff, hash.getLong());
  }

  /**
   * When a key was made that says so: an id of our own form (a ULID), or a UUID of version 7. Of
   * any other key nobody knows when it was first used, without a record of every key.
   */
  private static Optional<Instant> time(String key) {
    Optional<Instant> time = Ids.time(key.toLowerCase(Locale.ROOT));
    return time.isPresent() || !UUID_7.matcher(key).matches()
        ? time
        : Optional.of(
            Instant.ofEpochMilli(Long.parseLong(key.replace("-", "").substring(0, 12), 16)));
  }

  /** What tells one content from another. */
  public static String fingerprint(Object content) {
    return HexFormat.of().formatHex(sha256(content.toString()), 0, 16);
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256", e);
    }
  }

  record Opened(String id, List<RequestJson> requests) {}

  record RequestJson(String id, String project, String builder) {}

  /**
   * @param project that was asked for
   */
  public static HttpResponse answer(String project, Submitted submitted) {
    return switch (submitted) {
      case Submitted.Accepted a ->
          Reply.accepted(
              new Opened(
                  a.id().value(),
                  a.requests().stream()
                      .map(r ->
                          new RequestJson(
                              r.id().value(),
                              r.builder().project().value(),
                              r.builder().builder().value()))
                      .toList()));
      case Submitted.Wrong wrong -> throw Problem.invalid(wrong.problems());
      case Submitted.Refused(Refusal.NotFound _) -> throw Problem.notFound("project", project);
      case Submitted.Refused(Refusal.Conflict _) ->
          throw new Problem(
              Problem.Kind.CONFLICT,
              "This Idempotency-Key has been used for another submission",
              List.of(
                  Problem.Fault.field(
                      "Idempotency-Key", "expected the same body as the first time")));
      case Submitted.Refused refused -> throw Problem.of(refused.why());
    };
  }
}
