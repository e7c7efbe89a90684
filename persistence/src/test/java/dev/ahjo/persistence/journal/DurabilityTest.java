package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.persistence.DataFolder;
import dev.ahjo.persistence.status.FactSource;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that persists is killed in the middle of it; whatever it had acknowledged is there. */
@Tag("processes")
class DurabilityTest {
  private static final int ENTITIES = 20;
  @TempDir Path path;

  /** The process: says each record's entity and number once it is acknowledged, until killed. */
  public static final class Persists {
    public static void main(String[] args) throws Exception {
      try (var folder = DataFolder.open(Path.of(args[0]));
          var journal = EmbeddedJournal.open(folder)) {
        for (int e = 0; e < ENTITIES; e++) {
          String id = "e" + e;
          long stored = FactFeed.of(journal, new EntityRef(EntityType.REQUEST, id), 1).size();
          next(journal, id, stored + 1);
        }
        new CompletableFuture<Void>().join();
      }
    }

    private static void next(EmbeddedJournal journal, String id, long number) {
      var unused =
          journal
              .writer()
              .append(List.of(EmbeddedJournalTest.row(id, number, id + "." + number)))
              .thenRun(() -> {
                synchronized (System.out) {
                  System.out.println(id + " " + number);
                  System.out.flush();
                }
                next(journal, id, number + 1);
              });
    }
  }

  @Test
  void whatWasAcknowledgedSurvivesKills() throws Exception {
    Map<String, Long> acknowledged = new HashMap<>();
    for (int round = 0; round < 3; round++) {
      Process child = start();
      try (BufferedReader lines = child.inputReader()) {
        for (int i = 0; i < 500; i++) {
          take(lines.readLine(), acknowledged);
        }
        if (round == 0) {
          assertThatThrownBy(() -> DataFolder.open(path))
              .isInstanceOf(DataFolder.DataFolderInUse.class)
              .hasMessageContaining("in use by process " + child.pid());
        }
        // Through its handle: Process itself would close the pipe with what was said last.
        assertThat(child.toHandle().destroyForcibly()).isTrue();
        String line = lines.readLine();
        while (line != null) {
          take(line, acknowledged);
          line = lines.readLine();
        }
        child.waitFor();
      }
    }
    assertThat(acknowledged).hasSize(ENTITIES);
    try (var folder = DataFolder.open(path);
        var journal = EmbeddedJournal.open(folder)) {
      for (var each : acknowledged.entrySet()) {
        List<Long> numbers =
            FactFeed.of(journal, new EntityRef(EntityType.REQUEST, each.getKey()), 1).stream()
                .map(FactSource.Entry::sequenceNr)
                .toList();
        assertThat(numbers)
            .as(each.getKey())
            .hasSizeGreaterThanOrEqualTo(each.getValue().intValue());
        for (int i = 0; i < numbers.size(); i++) {
          assertThat(numbers.get(i)).isEqualTo(i + 1L);
        }
      }
    }
  }

  private static void take(@Nullable String line, Map<String, Long> acknowledged) {
    if (line == null) {
      throw new AssertionError("The process ended by itself");
    }
    String[] words = line.split(" ");
    if (words.length == 2 && words[0].startsWith("e") && words[1].matches("[0-9]+")) {
      acknowledged.merge(words[0], Long.parseLong(words[1]), Math::max);
    }
  }

  private Process start() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(
        List.of(
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            Persists.class.getName(),
            path.toString()));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }
}
