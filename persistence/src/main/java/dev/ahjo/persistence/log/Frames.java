package dev.ahjo.persistence.log;

import java.util.Arrays;

/** Where each frame ends, in the stream and in the file; entry 0 is the first frame's beginning. */
record Frames(long[] raw, long[] stored, int count, boolean closed) {
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

  /** None yet, in a file whose head has that length. */
  static Frames after(int head) {
    long[] stored = new long[8];
    stored[0] = head;
    return new Frames(new long[8], stored, 0, false);
  }

  /** The first {@code n} of them, of which none is the last. */
  Frames first(int n) {
    return new Frames(raw, stored, n, false);
  }

  /** Where in the file the next one begins. */
  long end() {
    return stored[count];
  }
}
