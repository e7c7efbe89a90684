package dev.ahjo.http.exchange;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.ahjo.core.kernel.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.pekko.http.javadsl.model.HttpHeader;

/**
 * An answer that says no, as an RFC 9457 problem document. Thrown by whoever finds out; the router
 * sends it. This file is the one table of status codes.
 */
public final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Kind kind;
  private final transient List<Fault> faults;
  private final transient List<HttpHeader> headers;

  /** What went wrong, and the status that tells it. */
  public enum Kind {
    MALFORMED(400, "The request can't be read"),
    UNKNOWN_PARAMETER(400, "The request has a parameter that is not known here"),
    WRONG_PARAMETER(400, "A parameter of the request is wrong"),
    UNAUTHENTICATED(401, "A valid token is needed"),
    FOREIGN_ORIGIN(403, "Writes of other sites' pages are not allowed"),
    NOT_FOUND(404, "There is no such thing"),
    METHOD_NOT_ALLOWED(405, "The method is not allowed here"),
    TOO_SLOW(408, "The request took too long to arrive"),
    CONFLICT(409, "That is not possible now"),
    TOO_LARGE(413, "The request is too large"),
    ADDRESS_TOO_LONG(414, "The address is too long"),
    UNSUPPORTED_TYPE(415, "The body's type is not known here"),
    RANGE_NOT_SATISFIABLE(416, "There is nothing in that range"),
    MISDIRECTED(421, "This is not that host"),
    INVALID(422, "The request is understood, but wrong"),
    UPGRADE_NEEDED(426, "Another protocol is spoken here"),
    LIMIT_REACHED(429, "A limit is reached"),
    HEADERS_TOO_LARGE(431, "The headers are too large"),
    INTERNAL(500, "Something is wrong with this node"),
    UNAVAILABLE(503, "The farm did not answer in time");

    private final int status;
    private final String title;

    Kind(int status, String title) {
      this.status = status;
      this.title = title;
    }

    public int status() {
      return status;
    }
  }

  /**
   * One thing that is wrong.
   *
   * @param field the path of the field or the name of the parameter, where one is at fault
   * @param line from 1, in the body
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Fault(
      Optional<String> field, OptionalInt line, OptionalInt column, String message) {
    public static Fault field(String field, String message) {
      return new Fault(Optional.of(field), OptionalInt.empty(), OptionalInt.empty(), message);
    }

    public static Fault place(int line, int column, String message) {
      return new Fault(
          Optional.empty(),
          line > 0 ? OptionalInt.of(line) : OptionalInt.empty(),
          column > 0 ? OptionalInt.of(column) : OptionalInt.empty(),
          message);
    }
  }

  /** What is sent. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Document(String type, String title, int status, String detail, List<Fault> errors) {}

  /**
   * @param headers that the answer carries besides
   */
  public Problem(Kind kind, String detail, List<Fault> faults, List<? extends HttpHeader> headers) {
    super(detail, null, false, false);
    this.kind = kind;
    this.faults = List.copyOf(faults);
    this.headers = List.copyOf(headers);
  }

  public Problem(Kind kind, String detail, List<Fault> faults) {
    this(kind, detail, faults, List.of());
  }

  public Problem(Kind kind, String detail) {
    this(kind, detail, List.of());
  }

  public static Problem notFound(String what, String id) {
    return of(new Refusal.NotFound(what, id));
  }

  public static Problem parameter(String name, String message) {
    return new Problem(
        Kind.WRONG_PARAMETER, name + ": " + message, List.of(Fault.field(name, message)));
  }

  public static Problem of(Refusal refusal) {
    return switch (refusal) {
      case Refusal.NotFound r -> new Problem(Kind.NOT_FOUND, r.text());
      case Refusal.Conflict r -> new Problem(Kind.CONFLICT, r.text());
      case Refusal.Superseded r -> new Problem(Kind.CONFLICT, r.text());
      case Refusal.LimitReached r -> new Problem(Kind.LIMIT_REACHED, r.text());
      case Refusal.Invalid r -> invalid(List.of(r));
    };
  }

  /** Everything that is wrong with a body, at once. */
  public static Problem invalid(List<Refusal.Invalid> wrong) {
    return new Problem(
        Kind.INVALID,
        wrong.getFirst().text()
            + (wrong.size() > 1 ? " (and " + (wrong.size() - 1) + " more)" : ""),
        wrong.stream().map(w -> Fault.field(w.field(), w.problem())).toList());
  }

  public Kind kind() {
    return kind;
  }

  List<HttpHeader> headers() {
    return headers;
  }

  Document document() {
    String detail = getMessage();
    return new Document(
        "urn:ahjo:problem:" + Json.label(kind),
        kind.title,
        kind.status,
        detail == null ? "" : detail,
        faults);
  }
}
