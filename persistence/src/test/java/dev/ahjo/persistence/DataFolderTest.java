package dev.ahjo.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
  @TempDir Path path;

  @Test
  void isTakenByOneAtATime() throws Exception {
    try (var ours = DataFolder.open(path)) {
      assertThatThrownBy(() -> DataFolder.open(path))
          .isInstanceOf(DataFolder.DataFolderInUse.class)
          .hasMessageContaining(ours.path().toString());
    }
    DataFolder.open(path).close();
  }

  @Test
  void ofANewerVersionIsRefusedUntouched() throws Exception {
    Files.writeString(path.resolve("format-version"), "99\n");
    assertThatThrownBy(() -> DataFolder.open(path))
        .isInstanceOf(DataFolder.DataFolderTooNew.class)
        .hasMessageContaining("format 99")
        .hasMessageContaining("use a newer Ahjo");
    assertThat(Files.readString(path.resolve("format-version"))).isEqualTo("99\n");
    assertThat(path.resolve("journal")).doesNotExist();
  }

  @Test
  void withAnUnreadableVersionSaysWhichFile() throws Exception {
    Files.writeString(path.resolve("format-version"), "two");
    assertThatThrownBy(() -> DataFolder.open(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("format-version")
        .hasMessageContaining("two");
    // And the folder is not left taken.
    Files.writeString(path.resolve("format-version"), "1");
    DataFolder.open(path).close();
  }
}
