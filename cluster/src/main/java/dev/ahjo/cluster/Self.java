package dev.ahjo.cluster;

import dev.ahjo.cluster.worker.Sessions;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.http.status.NodeDoor;
import dev.ahjo.persistence.Storage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** What the node says of itself over HTTP. */
final class Self implements NodeDoor {
  /** The version of the program. */
  static final String VERSION = "0.1.0";

  private final NodeSettings settings;
  private final Instant startedAt;
  private final Storage.Stores stores;
  private final Sessions sessions;
  private final Optional<String> gate;
  private final Engine engine;
  private final Supplier<Optional<String>> drains;
  private final BiConsumer<Boolean, String> stop;

  Self(
      NodeSettings settings,
      Instant startedAt,
      Storage.Stores stores,
      Sessions sessions,
      Optional<String> gate,
      Engine engine,
      Supplier<Optional<String>> drains,
      BiConsumer<Boolean, String> stop) {
    this.settings = settings;
    this.startedAt = startedAt;
    this.stores = stores;
    this.sessions = sessions;
    this.gate = gate;
    this.engine = engine;
    this.drains = drains;
    this.stop = stop;
  }

  @Override
  public Facts facts() {
    return new Facts(
        settings.name(),
        VERSION,
        startedAt,
        gate,
        engine.membership().nodes().stream()
            .map(n -> new Member(n.name(), n.address(), n.roles(), n.state()))
            .toList());
  }

  @Override
  public List<String> problems() {
    List<String> problems = new ArrayList<>(stores.problems());
    engine.membership().trouble().ifPresent(problems::add);
    drains.get().ifPresent(problems::add);
    return problems;
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    readings.add(
        new Reading(
            "ahjo_gate_sessions", "Workers connected to this node", "gauge", sessions.count()));
    readings.add(
        new Reading("ahjo_entities_awake", "Entities awake on this node", "gauge", engine.awake()));
    readings.add(
        new Reading(
            "ahjo_entities_unreadable",
            "Entities that could not be woken on this node, for a damaged record of each",
            "gauge",
            engine.unreadable()));
    for (Storage.Gauge gauge : stores.readings()) {
      readings.add(
          new Reading(
              gauge.name(), gauge.help(), gauge.grows() ? "counter" : "gauge", gauge.value()));
    }
    return readings;
  }

  @Override
  public void shutdown(boolean drain, String by) {
    stop.accept(drain, by);
  }
}
