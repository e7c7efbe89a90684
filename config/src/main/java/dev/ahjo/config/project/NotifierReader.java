package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.project.NotifierDefinition;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads {@code notify:}. */
final class NotifierReader {
  private static final int MAX_NOTIFIERS = 500;
  private static final List<String> KINDS = List.of("mail", "webhook", "chat", "status");
  private static final Map<String, String> WHEN =
      ScheduleReader.words("always", "problem", "failure", "success", "change");
  private static final Pattern ADDRESS = Pattern.compile("[^\\s@,;<>]{1,64}@[^\\s@,;<>]{1,255}");

  private final Set<String> repositories;

  NotifierReader(Set<String> repositories) {
    this.repositories = repositories;
  }

  List<NotifierDefinition> notifiers(Value value) {
    return value.list(MAX_NOTIFIERS, this::notifier);
  }

  private Optional<NotifierDefinition> notifier(Value value) {
    Optional<Fields> fields = value.fields("a notifier");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      String when = f.get("when").flatMap(v -> v.oneOf(WHEN)).orElse("problem");
      List<String> kinds = KINDS.stream().filter(k -> f.get(k).isPresent()).toList();
      if (kinds.size() != 1) {
        String found = kinds.isEmpty() ? "none of them" : String.join(" and ", kinds);
        value.error(
            "expected one of mail, webhook, chat or status in a notifier, but found " + found);
        return Optional.empty();
      }
      String kind = kinds.getFirst();
      List<String> to =
          f.get(kind).map(v -> v.list(1000, t -> receiver(kind, t))).orElse(List.of());
      return Optional.of(new NotifierDefinition(kind, to, when));
    }
  }

  private Optional<String> receiver(String kind, Value value) {
    return switch (kind) {
      case "mail" -> value.text("a mail address", ADDRESS.asMatchPredicate());
      case "status" -> {
        Optional<String> name = value.text("the name of a repository");
        name.filter(n -> !repositories.contains(n))
            .ifPresent(n ->
                value.error(
                    "unknown repository " + Shown.quoted(n) + Shown.nearest(n, repositories)));
        yield name;
      }
      default -> value.text("a URL that starts with https:// or http://", NotifierReader::isUrl);
    };
  }

  private static boolean isUrl(String text) {
    try {
      return text.matches("https?://.*") && new URI(text).getHost() != null;
    } catch (URISyntaxException notAUrl) {
      return false;
    }
  }
}
