package dev.ahjo.persistence.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.log.StreamKey.Kind;
import dev.ahjo.core.port.StreamStore.Appended;
import dev.ahjo.core.port.StreamStore.Extent;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStreamStoreTest extends StreamStoreContract {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  @TempDir Path root;
  private FileStreamStore store;
  private volatile long free = Long.MAX_VALUE;

  @BeforeEach
  void open() throws IOException {
    store = FileStreamStore.open(root, folder -> free);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  FileStreamStore store() {
    return store;
  }

  private void restart() throws IOException {
    store.close();
    open();
  }

  private Path file() {
    return StreamPaths.file(root, LOG);
  }

  @Test
  void everythingIsThereAfterARestart() throws Exception {
    store.append(chunk(LOG, 0, "one ", false));
    restart();
    assertThat(store.extent(LOG)).contains(new Extent(4, false));
    store.append(chunk(LOG, 4, "two", true));
    restart();
    assertThat(text(store, LOG)).isEqualTo("one two");
    assertThat(store.append(chunk(LOG, 4, "two", true)))
        .isEqualTo(new Appended.Stored(7, true, true));
    assertThat(store.streams(BUILD)).containsExactly(LOG);
  }

  @Test
  void allFilesStayBelowTheFolder() throws Exception {
    store.append(chunk(new StreamKey(BUILD, 0, Kind.ARTIFACT, "../../../../up"), 0, "x", true));
    Path builds = root.resolve("zlib/debian/7");
    try (var files = Files.list(builds)) {
      assertThat(files.toList())
          .singleElement()
          .satisfies(f -> assertThat(f.getParent()).isEqualTo(builds));
    }
  }

  private interface Damage {
    void to(RandomAccessFile file, long[] frameEnds) throws IOException;
  }

  private record Torn(String what, Damage damage, String left) {}

  /** What a crash or a power cut can leave, and what is read after it. */
  @Test
  void aTornTailIsCutToWholeFrames() throws Exception {
    List<Torn> table =
        List.of(
            new Torn("nothing", (f, e) -> {}, "one two three"),
            new Torn("the last byte missing", (f, e) -> f.setLength(e[3] - 1), "one two "),
            new Torn("half a frame's head", (f, e) -> f.setLength(e[2] + 7), "one two "),
            new Torn("a head alone", (f, e) -> f.setLength(e[2] + 16), "one two "),
            new Torn(
                "zeros after the end",
                (f, e) -> {
                  f.seek(e[3]);
                  f.write(new byte[100]);
                },
                "one two three"),
            new Torn(
                "noise after the end",
                (f, e) -> {
                  byte[] noise = new byte[100];
                  new Random(3).nextBytes(noise);
                  f.seek(e[3]);
                  f.write(noise);
                },
                "one two three"),
            new Torn(
                "the last frame's page never written",
                (f, e) -> {
                  f.seek(e[2] + 16);
                  f.write(new byte[(int) (e[3] - e[2] - 16)]);
                },
                "one two "),
            new Torn(
                "a page in the middle never written, the end was",
                (f, e) -> {
                  f.seek(e[1] + 18);
                  f.write(new byte[4]);
                },
                "one "),
            new Torn("all but the name", (f, e) -> f.setLength(e[0]), ""),
            new Torn("half the name", (f, e) -> f.setLength(e[0] - 2), ""),
            new Torn("an empty file", (f, e) -> f.setLength(0), ""));
    for (Torn torn : table) {
      store.close();
      Files.deleteIfExists(file());
      open();
      long[] ends = new long[4];
      store.append(chunk(LOG, 0, "one ", false));
      ends[1] = Files.size(file());
      ends[0] = 8 + 4 + LOG.name().length();
      store.append(chunk(LOG, 4, "two ", false));
      ends[2] = Files.size(file());
      store.append(chunk(LOG, 8, "three", false));
      ends[3] = Files.size(file());
      store.close();
      try (var damaged = new RandomAccessFile(file().toFile(), "rw")) {
        torn.damage().to(damaged, ends);
      }
      open();
      // The agent is told where the store stands, and sends from there.
      assertThat(store.append(chunk(LOG, 999, "later", false)))
          .as(torn.what())
          .isInstanceOfSatisfying(
              Appended.Stored.class, s -> assertThat(s.offset()).isEqualTo(torn.left().length()));
      assertThat(text(store, LOG)).as(torn.what()).isEqualTo(torn.left());
      store.append(chunk(LOG, torn.left().length(), "again", true));
      assertThat(text(store, LOG)).as(torn.what()).isEqualTo(torn.left() + "again");
      restart();
      assertThat(text(store, LOG)).as(torn.what()).isEqualTo(torn.left() + "again");
    }
  }

  @Test
  void damageFarFromTheEndIsToldWithItsPlace() throws Exception {
    byte[] raw = new byte[Chunk.MAX_LENGTH];
    new Random(5).nextBytes(raw);
    int chunks = 80; // 10 MB: the first are beyond what is checked at the opening
    for (int i = 0; i < chunks; i++) {
      store.append(chunk(LOG, (long) i * raw.length, raw, i == chunks - 1));
    }
    store.close();
    try (var damaged = new RandomAccessFile(file().toFile(), "rw")) {
      damaged.seek(200);
      damaged.write(new byte[] {1, 2, 3, 4, 5});
    }
    open();
    assertThatThrownBy(() -> store.read(LOG, 0, 10))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("damaged in the frame at offset 0");
    assertThat(store.read(LOG, raw.length, raw.length)).isEqualTo(raw);
    assertThat(store.extent(LOG)).contains(new Extent((long) chunks * raw.length, true));
  }

  @Test
  void readingALogThatHasEndedCutsNothingOfIt() throws Exception {
    byte[] raw = "ten bytes\n".repeat(70).getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 10; i++) {
      store.append(chunk(LOG, (long) i * raw.length, raw, i == 9));
    }
    store.close();
    byte[] stored = Files.readAllBytes(file());
    int head = 8 + 4 + LOG.name().length();
    int frame = (stored.length - head) / 10;
    for (int at = head + 3 * frame; at < head + 4 * frame; at++) {
      byte[] damaged = stored.clone();
      damaged[at] ^= (byte) (1 << at % 8);
      Files.write(file(), damaged);
      open();

      String where = "byte %d of the fourth frame".formatted(at - head - 3 * frame);
      assertThat(store.extent(LOG)).as(where).contains(new Extent(10L * raw.length, true));
      assertThat(store.read(LOG, 0, 3 * raw.length)).as(where).hasSize(3 * raw.length);
      assertThatThrownBy(() -> store.read(LOG, 0, 10 * raw.length))
          .as(where)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("damaged in the frame at offset 2100");
      assertThat(store.read(LOG, 4L * raw.length, 6 * raw.length))
          .as(where)
          .hasSize(6 * raw.length);
      assertThat(Files.readAllBytes(file())).as(where).isEqualTo(damaged);
      store.close();
    }
    open();
  }

  @Test
  void aTornLogIsCutByItsAgentAndNotByItsReaders() throws Exception {
    store.append(chunk(LOG, 0, "one ", false));
    store.append(chunk(LOG, 4, "two", true));
    store.close();
    long torn = Files.size(file()) - 2;
    try (var damaged = new RandomAccessFile(file().toFile(), "rw")) {
      damaged.setLength(torn);
    }
    open();
    assertThat(text(store, LOG)).isEqualTo("one ");
    assertThat(store.extent(LOG)).contains(new Extent(4, false));
    assertThat(Files.size(file())).isEqualTo(torn);
    assertThat(store.append(chunk(LOG, 4, "three", true)))
        .isEqualTo(new Appended.Stored(9, true, true));
    restart();
    assertThat(text(store, LOG)).isEqualTo("one three");
  }

  @Test
  void aLogThatCannotBeOpenedIsNotOneThatDoesNotExist() throws Exception {
    store.append(chunk(LOG, 0, "one", true));
    restart();
    Files.delete(file());
    Files.createDirectory(file());

    assertThatThrownBy(() -> store.extent(LOG))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("zlib/debian#7");
    assertThatThrownBy(() -> store.streams(BUILD))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("zlib/debian#7");
  }

  @Test
  void aFullDiskIsToldAndGoesOnByItself() throws Exception {
    store.append(chunk(LOG, 0, "one ", false));
    free = 1 << 20;
    assertThat(store.append(chunk(LOG, 4, "two", true)))
        .isInstanceOfSatisfying(
            Appended.Busy.class, busy -> assertThat(busy.reason()).contains("1 MiB left"));
    assertThat(text(store, LOG)).isEqualTo("one ");
    free = Long.MAX_VALUE;
    assertThat(store.append(chunk(LOG, 4, "two", true)))
        .isEqualTo(new Appended.Stored(7, true, true));
  }

  @Test
  void aStreamIsSafeEveryEightMegabytes() {
    byte[] raw = new byte[Chunk.MAX_LENGTH];
    int safe = 0;
    for (int i = 0; i < 128; i++) {
      if (store.append(chunk(LOG, (long) i * raw.length, raw, false))
              instanceof Appended.Stored stored
          && stored.safe()) {
        safe++;
      }
    }
    assertThat(safe).isEqualTo(2);
  }

  @Test
  void manyStreamsAreOpenByTurns() throws Exception {
    int streams = FileStreamStore.MAX_OPEN + 50;
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < streams; i++) {
        store.append(
            chunk(new StreamKey(BUILD, i, Kind.LOG, "stdio"), round * 2L, "x" + round, false));
      }
    }
    for (int i = 0; i < streams; i++) {
      assertThat(text(store, new StreamKey(BUILD, i, Kind.LOG, "stdio"))).isEqualTo("x0x1");
    }
  }

  @Test
  void anInterruptedReaderClosesTheFileForNobody() throws Exception {
    store.append(chunk(LOG, 0, "one ", false));
    Thread reader =
        Thread.ofPlatform()
            .start(() -> {
              Thread.currentThread().interrupt();
              assertThatThrownBy(() -> store.read(LOG, 0, 4)).isInstanceOf(IOException.class);
            });
    reader.join();
    assertThat(text(store, LOG)).isEqualTo("one ");
    assertThat(store.append(chunk(LOG, 4, "two", true)))
        .isEqualTo(new Appended.Stored(7, true, true));
  }

  @Test
  void pruningRemovesTheOldestAndSaysSo() throws Exception {
    for (int n = 1; n <= 4; n++) {
      BuildKey build = new BuildKey(BUILD.builder(), n);
      store.append(chunk(new StreamKey(build, 0, Kind.LOG, "stdio"), 0, "build " + n, true));
      age(build, Duration.ofDays(10L - 2 * n));
    }
    long each = Files.size(StreamPaths.file(root, log(1)));
    Pruned byAge = store.prune(Duration.ofDays(7), Long.MAX_VALUE, NOW);
    assertThat(byAge).isEqualTo(new Pruned(1, each));
    Pruned bySize = store.prune(Duration.ofDays(7), 2 * each, NOW);
    assertThat(bySize.builds()).isEqualTo(1);
    for (int n = 1; n <= 4; n++) {
      assertThat(store.pruned(log(n).build())).as("build " + n).isEqualTo(n <= 2);
      assertThat(store.extent(log(n)).isPresent()).as("build " + n).isEqualTo(n > 2);
    }
    assertThat(store.read(log(1), 0, 10)).isEmpty();
    assertThat(store.streams(log(1).build())).isEmpty();
    assertThat(text(store, log(4))).isEqualTo("build 4");
    // What comes late is taken and forgotten, else its agent would offer it for ever.
    assertThat(store.append(chunk(log(1), 7, "late", true)))
        .isEqualTo(new Appended.Stored(11, true, true));
    assertThat(store.extent(log(1))).isEmpty();
    restart();
    assertThat(store.pruned(log(2).build())).isTrue();
  }

  @Test
  void aBuildThatIsWrittenToIsNotPrunedForItsSize() throws Exception {
    store.append(chunk(LOG, 0, "now", false));
    age(BUILD, Duration.ofMinutes(2));
    assertThat(store.prune(Duration.ofDays(7), 0, NOW).builds()).isZero();
    assertThat(text(store, LOG)).isEqualTo("now");
  }

  private static StreamKey log(int number) {
    return new StreamKey(new BuildKey(BUILD.builder(), number), 0, Kind.LOG, "stdio");
  }

  private void age(BuildKey build, Duration age) throws IOException {
    Path folder = StreamPaths.folder(root, build);
    FileTime then = FileTime.from(NOW.minus(age));
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, then);
      }
    }
    Files.setLastModifiedTime(folder, then);
  }
}
