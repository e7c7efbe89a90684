package dev.ahjo.core.log;

/**
 * A piece of a stream, in an encoding that every standard library reads: what a {@link Chunk} is to
 * agents without Zstandard.
 *
 * @param offset of its first byte in the decoded stream
 * @param length decoded bytes, at most {@link Chunk#MAX_LENGTH}
 * @param last whether the stream ends with this piece; such a piece may be empty
 */
public record Piece(
    StreamKey stream, long offset, int length, Encoding encoding, byte[] bytes, boolean last) {
  public enum Encoding {
    /** The bytes as they are. */
    PLAIN,
    /** One gzip member (RFC 1952). */
    GZIP
  }
}
