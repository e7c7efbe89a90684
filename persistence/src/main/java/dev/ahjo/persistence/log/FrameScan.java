package dev.ahjo.persistence.log;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.ahjo.core.log.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Finds the frames of a {@link StreamFile} when it is opened. */
final class FrameScan {
  /** What may be torn: all since the last force, and the chunk that reached the limit. */
  private static final long UNCHECKED = StreamFile.FORCE_EVERY + 2L * Chunk.MAX_LENGTH;

  private FrameScan() {}

  /** All up to the first of which the head does not fit. */
  static Frames scan(FileChannel channel, Frames from) throws IOException {
    long size = channel.size();
    ByteBuffer window = ByteBuffer.allocate(64 * 1024).limit(0);
    long windowAt = 0;
    Frames found = from;
    while (true) {
      long at = found.end();
      if (at + Frame.HEAD > size || found.closed()) {
        break;
      }
      if (at < windowAt || at + Frame.HEAD > windowAt + window.limit()) {
        windowAt = at;
        window.clear().limit((int) Math.min(window.capacity(), size - at));
        if (!Frame.readFully(channel, window, at)) {
          break;
        }
      }
      int i = (int) (at - windowAt);
      if (!Frame.fits(window, i, Math.min(Frame.MAX_STORED, size - at - Frame.HEAD))) {
        break;
      }
      Frame.Head head = Frame.head(window, i);
      found = found.plus(head.rawLength(), Frame.HEAD + (long) head.storedLength(), head.last());
    }
    return found;
  }

  /**
   * All frames of a file of which some are damaged. What describes a frame may be what is damaged:
   * then the Zstandard frame, if that is whole, tells how long both are.
   */
  static Frames scanDamaged(FileChannel channel, Frames from) throws IOException {
    long size = channel.size();
    Frames found = from;
    while (!found.closed()) {
      long at = found.end();
      ByteBuffer some =
          ByteBuffer.allocate((int) Math.min(Frame.HEAD + Frame.MAX_STORED, size - at));
      if (some.capacity() < Frame.HEAD || !Frame.readFully(channel, some, at)) {
        break;
      }
      Frame.Head head = Frame.head(some, 0);
      int rawLength = head.rawLength();
      int storedLength = head.storedLength();
      boolean fits = Frame.fits(some, 0, some.capacity() - Frame.HEAD);
      if (!fits || !Frame.sound(some.array(), storedLength)) {
        int[] told = lengthsInside(some);
        if (told.length > 0) {
          rawLength = told[0];
          storedLength = told[1];
        } else if (!fits) {
          break;
        }
      }
      // Nothing follows the last frame, so a bit in the middle ends no stream.
      boolean last = head.last() && at + Frame.HEAD + storedLength == size;
      found = found.plus(rawLength, Frame.HEAD + (long) storedLength, last);
    }
    return found;
  }

  /** The raw and stored length of a Zstandard frame by itself; nothing if it is not whole. */
  private static int[] lengthsInside(ByteBuffer frame) {
    byte[] all = frame.array();
    int most = all.length - Frame.HEAD;
    if (most == 0) {
      return new int[0];
    }
    try {
      long raw = Zstd.getFrameContentSize(all, Frame.HEAD, most);
      long stored = Zstd.findFrameCompressedSize(all, Frame.HEAD, most);
      boolean whole =
          raw > 0
              && raw <= Chunk.MAX_LENGTH
              && stored > 0
              && stored <= most
              && Frame.decompresses(all, Frame.HEAD, (int) stored, new byte[(int) raw]);
      return whole ? new int[] {(int) raw, (int) stored} : new int[0];
    } catch (ZstdException damaged) {
      return new int[0];
    }
  }

  /** Those before the first damaged one of the last stretch. */
  static Frames checkedEnd(FileChannel channel, Frames found, Path path) throws IOException {
    int first = found.count();
    while (first > 0 && found.size() - found.raw()[first - 1] <= UNCHECKED) {
      first--;
    }
    for (int i = first; i < found.count(); i++) {
      try {
        Frame.read(channel, found, i, path);
      } catch (Frame.Damaged torn) {
        return found.first(i);
      }
    }
    return found;
  }
}
