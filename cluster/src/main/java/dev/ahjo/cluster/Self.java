package dev.ahjo.cluster;

import dev.ahjo.cluster.worker.Sessions;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.http.status.NodeDoor;
import dev.ahjo.persistence.journal.EmbeddedJournal;
import dev.ahjo.persistence.journal.FactFeed;
import dev.ahjo.persistence.status.StatusProjection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** What the node says of itself over HTTP. */
final class Self implements NodeDoor {
  /** The version of the program. */
  static final String VERSION = "0.1.0";

  private final NodeSettings settings;
  private final Instant startedAt;
  private final EmbeddedJournal journal;
  private final StatusProjection projection;
  private final FactFeed facts;
  private final Sessions sessions;
  private final BiConsumer<Boolean, String> stop;

  Self(
      NodeSettings settings,
      Instant startedAt,
      EmbeddedJournal journal,
      StatusProjection projection,
      FactFeed facts,
      Sessions sessions,
      BiConsumer<Boolean, String> stop) {
    this.settings = settings;
    this.startedAt = startedAt;
    this.journal = journal;
    this.projection = projection;
    this.facts = facts;
    this.sessions = sessions;
    this.stop = stop;
  }

  @Override
  public Facts facts() {
    var roles =
        settings.roles().stream().map(r -> r.name().toLowerCase(java.util.Locale.ROOT)).toList();
    return new Facts(
        settings.name(), VERSION, startedAt, List.of(new Member(settings.name(), roles, "up")));
  }

  @Override
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    journal.trouble().ifPresent(problems::add);
    projection.trouble().ifPresent(problems::add);
    return problems;
  }

  @Override
  public List<Reading> readings() {
    return List.of(
        new Reading(
            "ahjo_gate_sessions", "Workers connected to this node", "gauge", sessions.count()),
        new Reading(
            "ahjo_journal_rows_unreadable_total",
            "Rows of the journal that could not be read",
            "counter",
            facts.unreadable()),
        new Reading(
            "ahjo_status_strangers_total",
            "Facts about something that the read tables do not know",
            "counter",
            projection.strangers()));
  }

  @Override
  public void shutdown(boolean drain, String by) {
    stop.accept(drain, by);
  }
}
