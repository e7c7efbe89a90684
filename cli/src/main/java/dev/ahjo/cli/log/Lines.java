package dev.ahjo.cli.log;

import dev.ahjo.cli.Console;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Passes bytes on as they are; or, under a prefix, in whole lines, so that several writers of one
 * output do not cut each other's lines.
 */
final class Lines {
  /** A longer line is passed on in pieces of this many bytes. */
  private static final int LONGEST = 64 * 1024;

  private final Console console;
  private final byte[] prefix;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  Lines(Console console, String prefix) {
    this.console = console;
    this.prefix = prefix.getBytes(StandardCharsets.UTF_8);
  }

  void add(byte[] data, int length) {
    if (prefix.length == 0) {
      console.bytes(data, 0, length);
      return;
    }
    for (int i = 0; i < length; i++) {
      line.write(data[i]);
      if (data[i] == '\n' || line.size() >= LONGEST) {
        flush();
      }
    }
  }

  /** Passes on a last line that had no end. */
  void end() {
    if (line.size() > 0) {
      line.write('\n');
      flush();
    }
  }

  private void flush() {
    byte[] whole = new byte[prefix.length + line.size()];
    System.arraycopy(prefix, 0, whole, 0, prefix.length);
    System.arraycopy(line.toByteArray(), 0, whole, prefix.length, line.size());
    line.reset();
    synchronized (console) {
      console.bytes(whole, 0, whole.length);
    }
  }
}
