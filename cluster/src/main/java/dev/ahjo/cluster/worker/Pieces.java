package dev.ahjo.cluster.worker;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.Piece;
import dev.ahjo.core.log.StreamKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Between what agents without Zstandard send and ask for, and what the store takes. */
final class Pieces {
  private Pieces() {}

  /**
   * The same as a chunk.
   *
   * @throws IllegalArgumentException when its bytes do not decode to its length
   */
  static Chunk chunk(Piece piece) {
    byte[] plain =
        switch (piece.encoding()) {
          case PLAIN -> piece.bytes();
          case GZIP -> unzipped(piece);
        };
    if (plain.length != piece.length()) {
      throw new IllegalArgumentException(
          "Expected " + piece.length() + " bytes in the piece, but found " + plain.length);
    }
    return new Chunk(
        piece.stream(), piece.offset(), piece.length(), Zstd.compress(plain), piece.last());
  }

  /** At most one byte more than the piece should have: a small lie must not fill the memory. */
  private static byte[] unzipped(Piece piece) {
    if (piece.length() == 0) {
      return new byte[0];
    }
    try (var in = new GZIPInputStream(new ByteArrayInputStream(piece.bytes()))) {
      return in.readNBytes(piece.length() + 1);
    } catch (IOException garbage) {
      throw new IllegalArgumentException(
          "Expected a gzip member in the piece: " + garbage.getMessage(), garbage);
    }
  }

  static Piece of(
      StreamKey stream, long offset, byte[] plain, Piece.Encoding encoding, boolean last) {
    byte[] bytes =
        switch (encoding) {
          case PLAIN -> plain;
          case GZIP -> zipped(plain);
        };
    return new Piece(stream, offset, plain.length, encoding, bytes, last);
  }

  private static byte[] zipped(byte[] plain) {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    } catch (IOException neverInMemory) {
      throw new UncheckedIOException(neverInMemory);
    }
    return bytes.toByteArray();
  }
}
