package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.DataFolder;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

class FactFeedTest extends FactFeedContract {
  @TempDir Path path;
  private @Nullable DataFolder folder;

  @Override
  JdbcJournal journal() throws IOException {
    if (folder == null) {
      folder = DataFolder.open(path);
    }
    return EmbeddedJournal.open(folder);
  }

  /** After the journal is closed. */
  @AfterEach
  @Override
  void end() throws Exception {
    super.end();
    if (folder != null) {
      folder.close();
      folder = null;
    }
  }
}
