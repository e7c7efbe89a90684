package dev.ahjo.persistence.journal;

import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.persistence.formats.Recorded;
import java.time.Instant;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;

/** An entity that writes down what it is told: who unshelved a request, and how often in all. */
final class Ledger extends EventSourcedBehavior<Ledger.Command, Recorded, BuildRequest.State> {
  sealed interface Command {
    record Note(String text, ActorRef<Done> done) implements Command {}

    record Tell(ActorRef<String> to) implements Command {}
  }

  private final int snapshotEvery;

  static Behavior<Command> of(String id, int snapshotEvery) {
    return new Ledger(id, snapshotEvery);
  }

  private Ledger(String id, int snapshotEvery) {
    super(PersistenceId.of("request", id));
    this.snapshotEvery = snapshotEvery;
  }

  static Recorded row(String text) {
    return new Recorded(
        Instant.parse("2026-11-23T01:02:03Z"),
        List.<Fact>of(new BuildRequest.Fact.RequestUnshelved(text)));
  }

  @Override
  public BuildRequest.State emptyState() {
    return new BuildRequest.State.Absent();
  }

  /** What it was told since its birth or its last snapshot; a snapshot keeps none of it. */
  private String told = "";

  @Override
  public CommandHandler<Command, Recorded, BuildRequest.State> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(
            Command.Note.class,
            note -> Effect().persist(row(note.text())).thenReply(note.done(), s -> Done.done()))
        .onCommand(Command.Tell.class, tell -> Effect().reply(tell.to(), told))
        .build();
  }

  @Override
  public EventHandler<BuildRequest.State, Recorded> eventHandler() {
    return (state, row) -> {
      for (Fact fact : row.facts()) {
        if (fact instanceof BuildRequest.Fact.RequestUnshelved noted) {
          told += noted.by() + ";";
        }
      }
      return state;
    };
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return snapshotEvery > 0
        ? RetentionCriteria.snapshotEvery(snapshotEvery, 1)
        : RetentionCriteria.disabled();
  }
}
