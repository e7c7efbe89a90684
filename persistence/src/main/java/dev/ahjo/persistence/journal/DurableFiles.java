package dev.ahjo.persistence.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.util.concurrent.atomic.LongAdder;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/**
 * H2's files with a force after every write, under the scheme {@code durable:}. H2 itself never
 * forces its file at a commit, not even with {@code WRITE_DELAY=0}.
 *
 * <p>Order and force alone do not make the store sound. H2 2.5 writes a chunk wherever there is
 * room, and finds it after a crash by way of the file's header or of the chunk before it. When the
 * one before had expected it elsewhere, the header is written to say where; but what it then names
 * is the chunk before, and this and all that follow are lost to a process that is killed before the
 * next header. So the header is made to name the newest chunk as it passes here.
 */
public final class DurableFiles extends FilePathWrapper {
  static final String SCHEME = "durable";
  private static final LongAdder FORCES = new LongAdder();

  static {
    FilePath.register(new DurableFiles());
  }

  /** Makes the scheme known to H2. */
  static void register() {
    // done when the class is loaded
  }

  /** How often any file has been forced, for measurements. */
  static long forces() {
    return FORCES.sum();
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    FileChannel file = super.open(mode);
    return mode.equals("r") ? file : new Forced(file);
  }

  private static final class Forced extends FileBase {
    private final FileChannel file;
    private StoreHeader.Chunk newest = StoreHeader.Chunk.NONE;

    Forced(FileChannel file) {
      this.file = file;
    }

    @Override
    public synchronized int write(ByteBuffer source, long position) throws IOException {
      int length = source.remaining();
      ByteBuffer bytes = source;
      if (position == 0) {
        bytes = StoreHeader.naming(newest, source);
      } else {
        newest = newest.orNewer(StoreHeader.chunk(source, position));
      }
      int written = 0;
      while (bytes.hasRemaining()) {
        written += file.write(bytes, position + written);
      }
      source.position(source.limit());
      force(false);
      return length;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      int written = file.write(source);
      force(false);
      return written;
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      file.truncate(size);
      force(true);
      return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
      FORCES.increment();
      file.force(metaData);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return file.read(target);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return file.read(target, position);
    }

    @Override
    public long position() throws IOException {
      return file.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
      file.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return file.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      file.close();
    }

    @Override
    public String toString() {
      return SCHEME + ":" + file;
    }
  }
}
