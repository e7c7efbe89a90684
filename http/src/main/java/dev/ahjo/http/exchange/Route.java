package dev.ahjo.http.exchange;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * A method, a path and who answers. A path's segment {@code {name}} takes any one segment, a last
 * one {@code {name*}} all that remain.
 *
 * @param template such as {@code /api/v1/projects/{project}}
 */
public record Route(String method, String template, List<String> segments, Handler handler) {

  /** Answers on a virtual thread, so it may wait; says no by throwing a {@link Problem}. */
  @FunctionalInterface
  public interface Handler {
    HttpResponse answer(Call call) throws Exception;
  }

  public static Route get(String template, Handler handler) {
    return of("GET", template, handler);
  }

  public static Route post(String template, Handler handler) {
    return of("POST", template, handler);
  }

  public static Route put(String template, Handler handler) {
    return of("PUT", template, handler);
  }

  public static Route delete(String template, Handler handler) {
    return of("DELETE", template, handler);
  }

  private static Route of(String method, String template, Handler handler) {
    return new Route(method, template, List.of(template.substring(1).split("/", -1)), handler);
  }

  /** What the template's names stand for in that path, if it fits. */
  Optional<Map<String, String>> match(List<String> path) {
    boolean tail = segments.getLast().endsWith("*}");
    if (tail ? path.size() < segments.size() : path.size() != segments.size()) {
      return Optional.empty();
    }
    Map<String, String> names = new LinkedHashMap<>();
    for (int i = 0; i < segments.size(); i++) {
      String segment = segments.get(i);
      if (!segment.startsWith("{")) {
        if (!segment.equals(path.get(i))) {
          return Optional.empty();
        }
      } else if (segment.endsWith("*}")) {
        names.put(
            segment.substring(1, segment.length() - 2),
            String.join("/", path.subList(i, path.size())));
      } else {
        names.put(segment.substring(1, segment.length() - 1), path.get(i));
      }
    }
    return Optional.of(names);
  }
}
