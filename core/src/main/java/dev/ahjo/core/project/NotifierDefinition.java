package dev.ahjo.core.project;

import java.util.List;

/** Whom to tell when a build ends: {@code kind} is mail, webhook, chat or status. */
public record NotifierDefinition(String kind, List<String> to, String when) {
  public NotifierDefinition {
    to = List.copyOf(to);
  }
}
