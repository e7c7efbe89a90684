package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.postgres.PostgresSchema;
import dev.ahjo.persistence.postgres.server.PostgresExtension;
import dev.ahjo.persistence.postgres.server.PostgresProcess;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two servers, of which the second has all that the first has acknowledged. */
@Tag("processes")
@ExtendWith(PostgresExtension.class)
class PostgresFailoverTest {
  @Test
  void nodesGoOnWithTheStandbyAndLoseNothing() throws Exception {
    try (var primary = PostgresProcess.followed();
        var standby = primary.standby()) {
      PostgresSettings both = primary.settings(standby, "farm");
      PostgresSchema.create(both);
      try (var one = PostgresJournal.open(new PostgresServer(both, "one"));
          var other = PostgresJournal.open(new PostgresServer(both, "other"));
          var writing = new Writing(List.of(one, other))) {
        writing.awaitStored(1_000);
        primary.kill();
        standby.promote();
        writing.awaitMore(500);
        writing.assertSound(new FactFeed(other));
        assertThat(one.trouble()).isEmpty();
      }
    }
  }
}
