package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Random;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableFilesTest {
  private static final int COMMITS = 600;

  @TempDir Path folder;

  /**
   * What a killed process leaves is a copy of its file, taken without telling the store. H2 alone
   * fails here: its header names the chunk before the newest one.
   */
  @Test
  void everyCommitIsFoundAgainAfterAKillWhileSpaceIsReused() throws IOException {
    DurableFiles.register();
    Path file = folder.resolve("store");
    Random random = new Random(7);
    try (MVStore store =
        new MVStore.Builder()
            .fileName(DurableFiles.SCHEME + ":" + file)
            .autoCommitDisabled()
            .open()) {
      store.setRetentionTime(0);
      MVMap<Integer, byte[]> map = store.openMap("m");
      MVMap<String, Integer> last = store.openMap("last");
      for (int commit = 1; commit <= COMMITS; commit++) {
        for (int i = random.nextInt(20); i >= 0; i--) {
          map.put(random.nextInt(300), new byte[random.nextInt(4000)]);
        }
        last.put("commit", commit);
        store.commit();
        if (commit % 5 == 0) {
          store.compact(70, 64 * 1024);
        }
        assertThat(foundAfterKill(file)).as("the commit that is found").isEqualTo(commit);
      }
    }
  }

  private int foundAfterKill(Path file) throws IOException {
    Path copy = folder.resolve("killed");
    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
    try (MVStore store = new MVStore.Builder().fileName(copy.toString()).open()) {
      MVMap<String, Integer> last = store.openMap("last");
      return last.getOrDefault("commit", 0);
    }
  }
}
