package dev.ahjo.http.exchange;

import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/**
 * What is no HTTP request at all is refused as everything else is, and not logged: strangers'
 * noise.
 */
public final class ParsingProblems extends ParsingErrorHandler {
  /** Pekko finds the handler by its name, as a Scala object. */
  public static final ParsingProblems MODULE$ = new ParsingProblems();

  private ParsingProblems() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo info, LoggingAdapter log, ServerSettings settings) {
    Problem.Kind kind =
        switch (status.intValue()) {
          case 413 -> Problem.Kind.TOO_LARGE;
          case 414 -> Problem.Kind.ADDRESS_TOO_LONG;
          case 431 -> Problem.Kind.HEADERS_TOO_LARGE;
          default -> Problem.Kind.MALFORMED;
        };
    return Reply.problem(new Problem(kind, info.summary()));
  }
}
