package dev.ahjo.persistence.log;

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

  private static final byte[] MAGIC = "AHJOLOG1".getBytes(StandardCharsets.US_ASCII);
  private static final Logger LOG = LoggerFactory.getLogger(StreamFile.class);

  private final Path path;
  private volatile FileChannel channel;

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
      Frame.writeFully(channel, head, 0);
      Frames none = Frames.after(length);
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
      Frames found = FrameScan.scan(channel, Frames.after((int) head));
      Frames whole = FrameScan.checkedEnd(channel, found, path);
      boolean sound = whole.end() == channel.size();
      Frames ended = sound ? whole : FrameScan.scanDamaged(channel, Frames.after((int) head));
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
    if (Frame.readFully(channel, fixed, 0)) {
      fixed.get(magic);
      int length = fixed.getInt();
      if (Arrays.equals(magic, MAGIC) && length > 0 && length < 1 << 16) {
        ByteBuffer name = ByteBuffer.allocate(length);
        if (Frame.readFully(channel, name, fixed.capacity())) {
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
    return now.end();
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
    long end = whole.end();
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
    long at = before.end();
    ByteBuffer frame = Frame.of(rawLength, zstd, last);
    try {
      FileChannel file = channel();
      Frame.writeFully(file, frame, at);
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
    frames = before.plus(rawLength, Frame.HEAD + (long) zstd.length, last);
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
      byte[] raw = Frame.read(channel(), now, index, path);
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
}
