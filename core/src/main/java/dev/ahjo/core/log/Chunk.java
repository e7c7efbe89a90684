package dev.ahjo.core.log;

/**
 * A piece of a stream.
 *
 * @param offset of its first byte in the uncompressed stream
 * @param length uncompressed bytes, at most {@link #MAX_LENGTH}
 * @param zstd the bytes as one Zstandard frame
 * @param last whether the stream ends with this chunk; such a chunk may be empty
 */
public record Chunk(StreamKey stream, long offset, int length, byte[] zstd, boolean last) {
  /** Uncompressed bytes in one chunk. */
  public static final int MAX_LENGTH = 128 * 1024;

  public long end() {
    return offset + length;
  }
}
