package dev.ahjo.wire.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedTrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS whose files may be renewed while it is in use: connections made later are made with the new
 * ones. Files that can't be read change nothing, loudly. Safe for many threads.
 */
public final class RenewedTls {
  private static final Logger LOG = LoggerFactory.getLogger(RenewedTls.class);

  /** Between two looks at the files' times. */
  private static final long LOOK = Duration.ofSeconds(10).toNanos();

  private final TlsFiles files;
  private final UnaryOperator<X509ExtendedTrustManager> stricter;
  private final LongSupplier nanos;
  private SSLContext context;
  private List<FileTime> seen;
  private long lookedAt;

  private RenewedTls(
      TlsFiles files, UnaryOperator<X509ExtendedTrustManager> stricter, LongSupplier nanos)
      throws IOException {
    this.files = files;
    this.stricter = stricter;
    this.nanos = nanos;
    this.seen = times(files);
    this.context = files.context(stricter);
    this.lookedAt = nanos.getAsLong();
  }

  /**
   * Reads the files for the first time.
   *
   * @throws IOException naming the file that is at fault
   */
  public static RenewedTls of(TlsFiles files) throws IOException {
    return of(files, UnaryOperator.identity());
  }

  /** As {@link #of(TlsFiles)}, with a say of the caller's in whom to trust. */
  public static RenewedTls of(TlsFiles files, UnaryOperator<X509ExtendedTrustManager> stricter)
      throws IOException {
    return new RenewedTls(files, stricter, System::nanoTime);
  }

  static RenewedTls of(TlsFiles files, LongSupplier nanos) throws IOException {
    return new RenewedTls(files, UnaryOperator.identity(), nanos);
  }

  /** What the next connection is to be made with. */
  public synchronized SSLContext context() {
    if (nanos.getAsLong() - lookedAt >= LOOK) {
      lookedAt = nanos.getAsLong();
      try {
        List<FileTime> now = times(files);
        if (!now.equals(seen)) {
          context = files.context(stricter);
          seen = now;
          LOG.info("The certificate in {} was renewed", files.certificate());
        }
      } catch (IOException unreadable) {
        LOG.error(
            "The certificate in {} was to be renewed, but: {}. The old one stays in use",
            files.certificate(),
            unreadable.getMessage());
      }
    }
    return context;
  }

  private static List<FileTime> times(TlsFiles files) throws IOException {
    List<Path> all = new ArrayList<>(List.of(files.certificate(), files.key()));
    files.authority().ifPresent(all::add);
    List<FileTime> times = new ArrayList<>();
    for (Path file : all) {
      times.add(Files.exists(file) ? Files.getLastModifiedTime(file) : FileTime.fromMillis(0));
    }
    return times;
  }
}
