package dev.ahjo.cli.up;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.cli.CommandFailed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpFolderTest {
  @TempDir Path folder;

  @Test
  void aFolderInUseIsRefusedWithItsOwnerAndFreeAfterwards() {
    Path data = folder.resolve("data");
    try (UpFolder first = UpFolder.take(data)) {
      assertThat(first.root()).isEqualTo(data);
      assertThatThrownBy(() -> UpFolder.take(data))
          .isInstanceOf(CommandFailed.class)
          .hasMessageContaining(data + " is in use")
          .hasMessageContaining("process " + ProcessHandle.current().pid());
    }
    UpFolder.take(data).close();
  }

  @Test
  void aFolderThatCannotBeMadeIsToldPlainly() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThatThrownBy(() -> UpFolder.take(file.resolve("data")))
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("can't be written");
  }

  @Test
  void aSecretIsReadableForItsOwnerOnly() throws IOException {
    Path secret = folder.resolve("token");
    Files.writeString(secret, "an older one, readable for all");

    UpFolder.writeSecret(secret, "s3cret");

    assertThat(secret).hasContent("s3cret");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
        .isEqualTo("rw-------");
  }
}
