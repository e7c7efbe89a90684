package dev.ahjo.persistence.formats;

import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** {@link FactFormat} for Pekko. */
public final class FactSerializer extends SerializerWithStringManifest {
  /** Stands beside every row of ours in the journal: never to change. */
  public static final int ID = 8011;

  @Override
  public int identifier() {
    return ID;
  }

  @Override
  public String manifest(Object row) {
    return FactFormat.CURRENT.manifest(recorded(row));
  }

  @Override
  public byte[] toBinary(Object row) {
    try {
      return FactFormat.CURRENT.write(recorded(row));
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Can't write " + row, unwritable);
    }
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    try {
      return FactFormat.CURRENT.read(bytes, manifest);
    } catch (IOException unreadable) {
      var told = new NotSerializableException(String.valueOf(unreadable.getMessage()));
      told.initCause(unreadable);
      throw told;
    }
  }

  private static Recorded recorded(Object row) {
    if (row instanceof Recorded recorded) {
      return recorded;
    }
    throw new IllegalArgumentException(
        "Expected a Recorded, but found a " + row.getClass().getName());
  }
}
