package dev.ahjo.persistence.log;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.persistence.DataFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream's file. It begins with the stream's name, and then holds frames, each of 16 bytes that
 * describe it and the Zstandard frame that the agent sent, as it came:
 *
 * <pre>
 *   magic 2 | flags 1 | version 1 | raw length 4 | stored length 4 | CRC-32 of all of it 4 | zstd
 * </pre>
 *
 * A file thus needs no index that could disagree with it: the places of its frames are gathered
 * when it is opened, by hopping from one to the next. Everything since the last force may be torn
 * after a power cut, in any order, so the frames of that last stretch are checked, and before
 * anything is appended the file is cut before the first that is not whole. Nobody was told that
 * those were safe, so the agent has them still.
 *
 * <p>Reading cuts nothing: in a stream that has ended, and whose agent may long have removed its
 * own copy, a damaged frame is the disk's fault, and all others can be read.
 *
 * <p>One thread appends, any number read; readers take no lock, since what they see was complete
 * before its place was published.
 */
final class StreamFile implements AutoCloseable {
  /** Raw bytes after which a stream is forced before its end. */
  static final long FORCE_EVERY = 8L << 20;

  /** What may be torn: all since the last force, and the chunk that reached the limit. */
  private static final long UNCHECKED = FORCE_EVERY + 2L * Chunk.MAX_LENGTH;

  private static final byte[] MAGIC = "AHJOLOG1".getBytes(StandardCharsets.US_ASCII);
  private static final short FRAME_MAGIC = (short) 0xA5F7;
  private static final byte FRAME_VERSION = 1;
  private static final int FRAME_HEAD = 16;
  private static final byte LAST = 1;

  /** The longest Zstandard frame; what seems longer was not written by us. */
  static final int MAX_STORED = (int) Zstd.compressBound(Chunk.MAX_LENGTH) + 1024;

  private static final Logger LOG = LoggerFactory.getLogger(StreamFile.class);

  private final Path path;
  private volatile FileChannel channel;

  /**
   * Where each frame ends, in the stream and in the file; entry 0 is the first frame's beginning.
   */
  private record Frames(long[] raw, long[] stored, int count, boolean closed) {
    long size() {
      return raw[count];
    }

    Frames plus(long rawLength, long storedLength, boolean last) {
      int n = count + 1;
      // Entries beyond count are nobody's yet, so the arrays may be shared with earlier views.
      long[] raws = n < raw.length ? raw : Arrays.copyOf(raw, raw.length * 2);
      long[] storeds = n < stored.length ? stored : Arrays.copyOf(stored, stored.length * 2);
      raws[n] = raws[count] + rawLength;
      storeds[n] = storeds[count] + storedLength;
      return new Frames(raws, storeds, n, closed || last);
    }
  }

  private volatile Frames frames;

  /** What remains when the file is cut for appending. */
  private final Frames whole;

  private boolean mended;
  private long forced;
  private boolean entriesForced;

  private StreamFile(Path path, FileChannel channel, Frames frames, Frames whole, boolean fresh) {
    this.path = path;
    this.channel = channel;
    this.frames = frames;
    this.whole = whole;
    this.mended = fresh;
    this.forced = fresh ? -1 : frames.size();
    this.entriesForced = !fresh;
  }

  /** Makes the file of a new stream. */
  static StreamFile create(Path path, String name) throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      byte[] text = name.getBytes(StandardCharsets.UTF_8);
      ByteBuffer head = ByteBuffer.allocate(MAGIC.length + 4 + text.length);
      head.put(MAGIC).putInt(text.length).put(text).flip();
      int length = head.remaining();
      writeFully(channel, head, 0);
      Frames none = beginning(length);
      return new StreamFile(path, channel, none, none, true);
    } catch (IOException | RuntimeException failed) {
      channel.close();
      Files.deleteIfExists(path);
      throw failed;
    }
  }

  /**
   * Opens a stream's file. In one that has not ended, what a crash has left half-written at its end
   * is not seen; {@link #mend} cuts it off.
   *
   * @throws IOException when it can't be read, or is no such file
   */
  static StreamFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      long head = readHead(channel, path).end();
      Frames found = scan(channel, beginning((int) head));
      Frames whole = checkedEnd(channel, found, path);
      boolean sound = whole.stored()[whole.count()] == channel.size();
      Frames ended = sound ? whole : scanDamaged(channel, beginning((int) head));
      if (!sound && ended.closed()) {
        LOG.error("{} has ended, but is damaged after {} frames", path, whole.count());
      }
      // What was found may be in the page cache only: a killed process forces nothing.
      channel.force(true);
      return new StreamFile(path, channel, ended.closed() ? ended : whole, whole, false);
    } catch (IOException | RuntimeException failed) {
      channel.close();
      throw failed;
    }
  }

  private static Frames beginning(int head) {
    long[] stored = new long[8];
    stored[0] = head;
    return new Frames(new long[8], stored, 0, false);
  }

  private record Head(String name, long end) {}

  /** The name of the stream that a file holds. */
  static String name(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return readHead(channel, path).name();
    }
  }

  private static Head readHead(FileChannel channel, Path path) throws IOException {
    ByteBuffer fixed = ByteBuffer.allocate(MAGIC.length + 4);
    byte[] magic = new byte[MAGIC.length];
    if (readFully(channel, fixed, 0)) {
      fixed.get(magic);
      int length = fixed.getInt();
      if (Arrays.equals(magic, MAGIC) && length > 0 && length < 1 << 16) {
        ByteBuffer name = ByteBuffer.allocate(length);
        if (readFully(channel, name, fixed.capacity())) {
          return new Head(
              StandardCharsets.UTF_8.decode(name).toString(), fixed.capacity() + (long) length);
        }
      }
    }
    throw new NoStream(path);
  }

  /** A file without a whole head: a crash came between its making and its first chunk. */
  static final class NoStream extends IOException {
    private static final long serialVersionUID = 1;

    NoStream(Path path) {
      super(path + " does not begin as a stream's file");
    }
  }

  private static Frames scan(FileChannel channel, Frames from) throws IOException {
    long size = channel.size();
    ByteBuffer window = ByteBuffer.allocate(64 * 1024).limit(0);
    long windowAt = 0;
    Frames found = from;
    while (true) {
      long at = found.stored()[found.count()];
      if (at + FRAME_HEAD > size || found.closed()) {
        break;
      }
      if (at < windowAt || at + FRAME_HEAD > windowAt + window.limit()) {
        windowAt = at;
        window.clear().limit((int) Math.min(window.capacity(), size - at));
        if (!readFully(channel, window, at)) {
          break;
        }
      }
      int i = (int) (at - windowAt);
      int rawLength = window.getInt(i + 4);
      int storedLength = window.getInt(i + 8);
      if (window.getShort(i) != FRAME_MAGIC
          || window.get(i + 3) != FRAME_VERSION
          || rawLength < 0
          || rawLength > Chunk.MAX_LENGTH
          || storedLength < 0
          || storedLength > MAX_STORED
          || at + FRAME_HEAD + storedLength > size) {
        break;
      }
      found =
          found.plus(rawLength, FRAME_HEAD + (long) storedLength, (window.get(i + 2) & LAST) != 0);
    }
    return found;
  }

  /**
   * All frames of a file of which some are damaged. What describes a frame may be what is damaged:
   * then the Zstandard frame, if that is whole, tells how long both are.
   */
  private static Frames scanDamaged(FileChannel channel, Frames from) throws IOException {
    long size = channel.size();
    Frames found = from;
    while (!found.closed()) {
      long at = found.stored()[found.count()];
      ByteBuffer some = ByteBuffer.allocate((int) Math.min(FRAME_HEAD + MAX_STORED, size - at));
      if (some.capacity() < FRAME_HEAD || !readFully(channel, some, at)) {
        break;
      }
      int rawLength = some.getInt(4);
      int storedLength = some.getInt(8);
      boolean fits = fits(some, rawLength, storedLength);
      if (!fits
          || some.getInt(12) != checksum(some.array(), some.array(), FRAME_HEAD, storedLength)) {
        int[] told = lengthsInside(some);
        if (told.length > 0) {
          rawLength = told[0];
          storedLength = told[1];
        } else if (!fits) {
          break;
        }
      }
      // Nothing follows the last frame, so a bit in the middle ends no stream.
      boolean last = (some.get(2) & LAST) != 0 && at + FRAME_HEAD + storedLength == size;
      found = found.plus(rawLength, FRAME_HEAD + (long) storedLength, last);
    }
    return found;
  }

  private static boolean fits(ByteBuffer head, int rawLength, int storedLength) {
    return head.getShort(0) == FRAME_MAGIC
        && head.get(3) == FRAME_VERSION
        && rawLength >= 0
        && rawLength <= Chunk.MAX_LENGTH
        && storedLength >= 0
        && storedLength <= head.capacity() - FRAME_HEAD;
  }

  /** The raw and stored length of a Zstandard frame by itself; nothing if it is not whole. */
  private static int[] lengthsInside(ByteBuffer frame) {
    byte[] all = frame.array();
    int most = all.length - FRAME_HEAD;
    if (most == 0) {
      return new int[0];
    }
    try {
      long raw = Zstd.getFrameContentSize(all, FRAME_HEAD, most);
      long stored = Zstd.findFrameCompressedSize(all, FRAME_HEAD, most);
      boolean whole =
          raw > 0
              && raw <= Chunk.MAX_LENGTH
              && stored > 0
              && stored <= most
              && decompresses(all, FRAME_HEAD, (int) stored, new byte[(int) raw]);
      return whole ? new int[] {(int) raw, (int) stored} : new int[0];
    } catch (ZstdException damaged) {
      return new int[0];
    }
  }

  /** Those before the first damaged one of the last stretch. */
  private static Frames checkedEnd(FileChannel channel, Frames found, Path path)
      throws IOException {
    int first = found.count();
    while (first > 0 && found.size() - found.raw()[first - 1] <= UNCHECKED) {
      first--;
    }
    for (int i = first; i < found.count(); i++) {
      try {
        frame(channel, found, i, path);
      } catch (Damaged torn) {
        return new Frames(found.raw(), found.stored(), i, false);
      }
    }
    return found;
  }

  /** Bytes of the stream so far. */
  long size() {
    return frames.size();
  }

  boolean closed() {
    return frames.closed();
  }

  /** Bytes in the file. */
  long stored() {
    Frames now = frames;
    return now.stored()[now.count()];
  }

  /** Whether all of it is forced to disk. */
  synchronized boolean safe() {
    return forced == frames.size();
  }

  /**
   * To be called before the end is looked at for an append: cuts off what is not whole. An agent
   * that appends has it still, or was never told that it is safe.
   */
  synchronized void mend() throws IOException {
    if (mended) {
      return;
    }
    FileChannel file = channel();
    long end = whole.stored()[whole.count()];
    if (end < file.size()) {
      LOG.warn("{} is torn after {} whole frames; the rest is cut off", path, whole.count());
      file.truncate(end);
      file.force(true);
      frames = whole;
      forced = whole.size();
    }
    mended = true;
  }

  /**
   * Appends one frame and forces it if it is the last, or if enough has gathered. A failed write
   * leaves the file as it was.
   */
  synchronized void append(int rawLength, byte[] zstd, boolean last) throws IOException {
    Frames before = frames;
    long at = before.stored()[before.count()];
    ByteBuffer frame = ByteBuffer.allocate(FRAME_HEAD + zstd.length);
    frame.putShort(FRAME_MAGIC).put(last ? LAST : 0).put(FRAME_VERSION);
    frame.putInt(rawLength).putInt(zstd.length);
    frame.putInt(checksum(frame.array(), zstd, 0, zstd.length)).put(zstd).flip();
    try {
      FileChannel file = channel();
      writeFully(file, frame, at);
      if (last || before.size() + rawLength - Math.max(forced, 0) >= FORCE_EVERY) {
        force(file);
        forced = before.size() + rawLength;
      }
    } catch (IOException failed) {
      try {
        channel().truncate(at);
      } catch (IOException stuck) {
        failed.addSuppressed(stuck);
      }
      throw failed;
    }
    frames = before.plus(rawLength, FRAME_HEAD + (long) zstd.length, last);
  }

  private void force(FileChannel file) throws IOException {
    file.force(false);
    if (!entriesForced) {
      DataFolder.forceEntries(parent(path));
      entriesForced = true;
    }
  }

  static Path parent(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IOException(path + " is in no folder");
    }
    return parent;
  }

  /**
   * Up to {@code max} bytes from {@code offset} on; touches only the frames that hold them.
   *
   * @throws IOException when the file can't be read or a frame of it is damaged
   */
  byte[] read(long offset, int max) throws IOException {
    Frames now = frames;
    int length = (int) Math.max(0, Math.min(max, now.size() - offset));
    byte[] bytes = new byte[length];
    int first = Arrays.binarySearch(now.raw(), 0, now.count() + 1, offset);
    // Of several frames that begin here, all but the last are empty.
    int index = first >= 0 ? first : -first - 2;
    int done = 0;
    while (done < length) {
      byte[] raw = frame(channel(), now, index, path);
      int skip = (int) (offset + done - now.raw()[index]);
      int part = Math.min(raw.length - skip, length - done);
      if (part > 0) {
        System.arraycopy(raw, skip, bytes, done, part);
        done += part;
      }
      index++;
    }
    return bytes;
  }

  /** A frame that is not as it was written. */
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(Path path, long offset, String what) {
      super("%s is damaged in the frame at offset %d: %s".formatted(path, offset, what));
    }
  }

  private static byte[] frame(FileChannel channel, Frames frames, int index, Path path)
      throws IOException {
    long at = frames.stored()[index];
    long offset = frames.raw()[index];
    ByteBuffer frame = ByteBuffer.allocate((int) (frames.stored()[index + 1] - at));
    if (!readFully(channel, frame, at)) {
      throw new Damaged(path, offset, "it ends early");
    }
    byte[] all = frame.array();
    int storedLength = all.length - FRAME_HEAD;
    if (frame.getInt(12) != checksum(all, all, FRAME_HEAD, storedLength)) {
      throw new Damaged(path, offset, "its checksum differs");
    }
    byte[] raw = new byte[(int) (frames.raw()[index + 1] - offset)];
    if (raw.length > 0 && !decompresses(all, FRAME_HEAD, storedLength, raw)) {
      throw new Damaged(path, offset, "it does not hold " + raw.length + " bytes");
    }
    return raw;
  }

  /** Fills {@code raw} from a Zstandard frame; false when that does not hold exactly as much. */
  static boolean decompresses(byte[] zstd, int from, int length, byte[] raw) {
    try {
      return Zstd.decompressByteArray(raw, 0, raw.length, zstd, from, length) == raw.length;
    } catch (ZstdException damaged) {
      return false;
    }
  }

  private static int checksum(byte[] head, byte[] zstd, int from, int length) {
    var crc = new CRC32();
    crc.update(head, 0, 12);
    crc.update(zstd, from, length);
    return (int) crc.getValue();
  }

  /** The channel, anew if an interrupted thread has closed it in passing. */
  private FileChannel channel() throws IOException {
    FileChannel now = channel;
    if (now.isOpen()) {
      return now;
    }
    if (ended) {
      throw new ClosedChannelException();
    }
    synchronized (this) {
      if (!channel.isOpen()) {
        channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      }
      return channel;
    }
  }

  private volatile boolean ended;

  /** Forces what is not yet, and closes the file. */
  @Override
  public synchronized void close() throws IOException {
    if (ended) {
      return;
    }
    try (FileChannel file = channel()) {
      if (forced != frames.size()) {
        force(file);
      }
    } finally {
      ended = true;
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer from, long position)
      throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  /** Fills {@code into} and flips it; false when the file ends before. */
  private static boolean readFully(FileChannel channel, ByteBuffer into, long position)
      throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int got = channel.read(into, at);
      if (got < 0) {
        return false;
      }
      at += got;
    }
    into.flip();
    return true;
  }
}
