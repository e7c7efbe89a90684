package dev.ahjo.persistence.log;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.ahjo.core.log.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.CRC32;

/** A frame of a {@link StreamFile}, as bytes. */
final class Frame {
  static final int HEAD = 16;

  /** The longest Zstandard frame; what seems longer was not written by us. */
  static final int MAX_STORED = (int) Zstd.compressBound(Chunk.MAX_LENGTH) + 1024;

  private static final short MAGIC = (short) 0xA5F7;
  private static final byte VERSION = 1;
  private static final byte LAST = 1;

  private Frame() {}

  /** To be written. */
  static ByteBuffer of(int rawLength, byte[] zstd, boolean last) {
    ByteBuffer frame = ByteBuffer.allocate(HEAD + zstd.length);
    frame.putShort(MAGIC).put(last ? LAST : 0).put(VERSION);
    frame.putInt(rawLength).putInt(zstd.length);
    return frame.putInt(checksum(frame.array(), zstd, 0, zstd.length)).put(zstd).flip();
  }

  /** What its head says. */
  record Head(int rawLength, int storedLength, boolean last) {}

  /** The head that stands there, right or not. */
  static Head head(ByteBuffer bytes, int at) {
    return new Head(bytes.getInt(at + 4), bytes.getInt(at + 8), (bytes.get(at + 2) & LAST) != 0);
  }

  /**
   * Whether it may be a frame's head.
   *
   * @param most bytes that may follow it
   */
  static boolean fits(ByteBuffer bytes, int at, long most) {
    Head head = head(bytes, at);
    return bytes.getShort(at) == MAGIC
        && bytes.get(at + 3) == VERSION
        && head.rawLength() >= 0
        && head.rawLength() <= Chunk.MAX_LENGTH
        && head.storedLength() >= 0
        && head.storedLength() <= most;
  }

  /** A frame that is not as it was written. */
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(Path path, long offset, String what) {
      super("%s is damaged in the frame at offset %d: %s".formatted(path, offset, what));
    }
  }

  static byte[] read(FileChannel channel, Frames frames, int index, Path path) throws IOException {
    long at = frames.stored()[index];
    long offset = frames.raw()[index];
    ByteBuffer frame = ByteBuffer.allocate((int) (frames.stored()[index + 1] - at));
    if (!readFully(channel, frame, at)) {
      throw new Damaged(path, offset, "it ends early");
    }
    byte[] all = frame.array();
    int storedLength = all.length - HEAD;
    if (!sound(all, storedLength)) {
      throw new Damaged(path, offset, "its checksum differs");
    }
    byte[] raw = new byte[(int) (frames.raw()[index + 1] - offset)];
    if (raw.length > 0 && !decompresses(all, HEAD, storedLength, raw)) {
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

  /** Whether what begins here is as it was written, if it is so long. */
  static boolean sound(byte[] frame, int storedLength) {
    return ByteBuffer.wrap(frame).getInt(12) == checksum(frame, frame, HEAD, storedLength);
  }

  private static int checksum(byte[] head, byte[] zstd, int from, int length) {
    var crc = new CRC32();
    crc.update(head, 0, 12);
    crc.update(zstd, from, length);
    return (int) crc.getValue();
  }

  /** Writes all of it. */
  static void writeFully(FileChannel channel, ByteBuffer from, long position) throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  /** Fills {@code into} and flips it; false when the file ends before. */
  static boolean readFully(FileChannel channel, ByteBuffer into, long position) throws IOException {
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
