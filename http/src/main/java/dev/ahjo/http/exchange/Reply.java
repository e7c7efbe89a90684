package dev.ahjo.http.exchange;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** The usual answers. */
public final class Reply {
  static final ContentType PROBLEM =
      MediaTypes.customWithFixedCharset(
              "application", "problem+json", HttpCharsets.UTF_8, Map.of(), true)
          .toContentType();

  private static final HttpHeader REVALIDATE = RawHeader.create("Cache-Control", "no-cache");

  private Reply() {}

  /** 200 with a document and its tag, or 304 to somebody who has it already. */
  public static HttpResponse json(Call call, Object document) {
    return tagged(call, ContentTypes.APPLICATION_JSON, Json.bytes(document));
  }

  /** 200 with bytes and their tag, or 304 to somebody who has them already. */
  public static HttpResponse tagged(Call call, ContentType type, byte[] bytes) {
    String tag = tag(bytes);
    HttpResponse answer =
        HttpResponse.create().addHeader(RawHeader.create("ETag", tag)).addHeader(REVALIDATE);
    return call.header("If-None-Match").filter(have -> matches(have, tag)).isPresent()
        ? answer.withStatus(304)
        : answer.withEntity(HttpEntities.create(type, bytes));
  }

  /** A write was obeyed; its effects may still be on their way. */
  public static HttpResponse accepted(Object document) {
    return HttpResponse.create()
        .withStatus(202)
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, Json.bytes(document)));
  }

  static HttpResponse problem(Problem problem) {
    return HttpResponse.create()
        .withStatus(problem.kind().status())
        .addHeaders(problem.headers())
        .withEntity(HttpEntities.create(PROBLEM, Json.bytes(problem.document())));
  }

  /** Whether a list of tags as in {@code If-None-Match} holds {@code tag}, weakly compared. */
  public static boolean matches(String list, String tag) {
    return Arrays.stream(list.split(","))
        .map(String::strip)
        .map(t -> t.startsWith("W/") ? t.substring(2) : t)
        .anyMatch(t -> t.equals("*") || t.equals(tag));
  }

  /** A tag that changes with the bytes. */
  public static String tag(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return '"' + HexFormat.of().formatHex(hash, 0, 12) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256", e);
    }
  }
}
