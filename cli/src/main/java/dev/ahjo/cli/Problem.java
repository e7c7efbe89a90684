package dev.ahjo.cli;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The node answered, and the answer is no: an RFC 9457 problem document, told in lines for people.
 */
public final class Problem extends CommandFailed {
  private static final long serialVersionUID = 1;
  private final int status;

  Problem(int status, String text) {
    super(exitOf(status), text);
    this.status = status;
  }

  /** The HTTP status of the answer. */
  public int status() {
    return status;
  }

  private static Exit exitOf(int status) {
    return status == 401 || status == 403 || status >= 500 ? Exit.UNREACHABLE : Exit.USAGE;
  }

  /** {@code what} was asked of the node; {@code document} is its answer, if that was JSON. */
  static Problem of(int status, String what, JsonNode document) {
    String title = document.path("title").asText("");
    String detail = document.path("detail").asText("");
    StringBuilder text = new StringBuilder();
    if (title.isEmpty() && detail.isEmpty()) {
      text.append(what).append(": the node answered ").append(status);
    } else if (detail.isEmpty() || detail.equals(title)) {
      text.append(title);
    } else {
      text.append(title.isEmpty() ? "" : title + ": ").append(detail);
    }
    for (JsonNode error : document.path("errors")) {
      text.append("\n  ").append(line(error));
    }
    return new Problem(status, text.toString());
  }

  /** {@code line:column: field: message}, as far as the error names them. */
  private static String line(JsonNode error) {
    StringBuilder text = new StringBuilder();
    if (error.path("line").canConvertToInt()) {
      text.append(error.path("line").asInt()).append(':');
      if (error.path("column").canConvertToInt()) {
        text.append(error.path("column").asInt()).append(':');
      }
      text.append(' ');
    }
    String field = error.path("field").asText("");
    if (!field.isEmpty()) {
      text.append(field).append(": ");
    }
    String message = error.path("message").asText(error.path("detail").asText(""));
    return text.append(message).toString();
  }
}
