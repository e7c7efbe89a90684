package dev.ahjo.persistence.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.h2.mvstore.DataUtils;

/**
 * What the first two blocks of an H2 file say, each the same, as text: {@code
 * H:2,block:B,blockSize:1000,chunk:C,created:T,format:3,version:V,fletcher:F}, all in hexadecimal;
 * and what the first bytes of a chunk say of it.
 */
final class StoreHeader {
  private static final int BLOCK = 4096;

  /** Longer than either text can be. */
  private static final int MAX_TEXT = 1024;

  private static final Pattern CHUNK =
      Pattern.compile("^chunk:([0-9a-f]+),[^\n]*?\\bversion:([0-9a-f]+)");
  private static final Pattern VERSION = Pattern.compile("\\bversion:([0-9a-f]+)");
  private static final Pattern CHECKED = Pattern.compile("^(H:[^\n]*),fletcher:[0-9a-f]+\n");

  private StoreHeader() {}

  /** A chunk and where it begins; its version says which of two is newer. */
  record Chunk(long id, long block, long version) {
    static final Chunk NONE = new Chunk(0, 0, 0);

    Chunk orNewer(Chunk other) {
      return other.version > version ? other : this;
    }
  }

  /** The chunk that {@code bytes} are, written at {@code position}; none if they are no chunk. */
  static Chunk chunk(ByteBuffer bytes, long position) {
    Matcher found = CHUNK.matcher(text(bytes, 0));
    return position % BLOCK == 0 && found.find()
        ? new Chunk(
            Long.parseLong(found.group(1), 16),
            position / BLOCK,
            Long.parseLong(found.group(2), 16))
        : Chunk.NONE;
  }

  /** The header {@code bytes}, made to name {@code newest} where it names an older chunk. */
  static ByteBuffer naming(Chunk newest, ByteBuffer bytes) {
    Matcher found = CHECKED.matcher(text(bytes, 0));
    if (!found.find()) {
      return bytes;
    }
    String fields = found.group(1);
    Matcher version = VERSION.matcher(fields);
    if (!version.find() || Long.parseLong(version.group(1), 16) >= newest.version()) {
      return bytes;
    }
    String named =
        set(
            set(set(fields, "block", newest.block()), "chunk", newest.id()),
            "version",
            newest.version());
    byte[] unchecked = named.getBytes(StandardCharsets.ISO_8859_1);
    int check = DataUtils.getFletcher32(unchecked, 0, unchecked.length);
    byte[] whole =
        (named + ",fletcher:" + Integer.toHexString(check) + "\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer changed = ByteBuffer.allocate(bytes.remaining());
    for (int block = 0; block + whole.length <= changed.capacity(); block += BLOCK) {
      changed.put(block, whole);
    }
    return changed;
  }

  private static String set(String fields, String name, long value) {
    return fields.replaceFirst(
        "(^|,)" + name + ":[0-9a-f]+", "$1" + name + ":" + Long.toHexString(value));
  }

  private static String text(ByteBuffer bytes, int from) {
    byte[] start = new byte[Math.min(MAX_TEXT, bytes.remaining() - from)];
    bytes.get(bytes.position() + from, start);
    return new String(start, StandardCharsets.ISO_8859_1);
  }
}
