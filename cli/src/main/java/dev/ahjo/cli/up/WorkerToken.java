package dev.ahjo.cli.up;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;

/** The secret by which workers prove themselves to the node of a data folder. */
public final class WorkerToken {
  private static final int BYTES = 32;

  private WorkerToken() {}

  /** The file that holds the token, made on first use, readable for its owner only. */
  public static Path in(Path data) throws IOException {
    Path file = data.resolve("worker.token");
    if (Files.notExists(file)) {
      byte[] secret = new byte[BYTES];
      new SecureRandom().nextBytes(secret);
      UpFolder.writeSecret(
          file, Base64.getUrlEncoder().withoutPadding().encodeToString(secret) + "\n");
    }
    return file;
  }
}
