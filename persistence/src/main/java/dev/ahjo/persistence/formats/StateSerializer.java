package dev.ahjo.persistence.formats;

import dev.ahjo.persistence.formats.Kinds.Kind;
import dev.ahjo.wire.Json;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * Snapshots of states, as CBOR. They have no versions to look after: the manifest holds the kind of
 * entity and a {@link Shape} of its state's type, and a snapshot of another shape is passed over by
 * the snapshot store, which has the facts replayed instead.
 */
public final class StateSerializer extends SerializerWithStringManifest {
  /** Stands beside every snapshot: never to change. */
  public static final int ID = 8012;

  private final Map<Class<?>, Kind> byClass = new HashMap<>();
  private final Map<String, Kind> byManifest = new HashMap<>();
  private final Map<Kind, String> manifests = new HashMap<>();

  /** Made by the actor system. */
  public StateSerializer() {
    for (Kind kind : Kinds.all()) {
      String manifest = kind.type().label() + "." + Shape.of(kind.state());
      byManifest.put(manifest, kind);
      manifests.put(kind, manifest);
      Shape.leaves(kind.state()).forEach(state -> byClass.put(state, kind));
    }
  }

  @Override
  public int identifier() {
    return ID;
  }

  @Override
  public String manifest(Object state) {
    return manifests.getOrDefault(kind(state), "");
  }

  @Override
  public byte[] toBinary(Object state) {
    try {
      return Json.binary().writerFor(kind(state).state()).writeValueAsBytes(state);
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Can't write a " + state.getClass().getName(), unwritable);
    }
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    Kind kind = byManifest.get(manifest);
    if (kind == null) {
      throw new NotSerializableException("No state has the shape " + manifest + " any more");
    }
    try {
      return Json.binary().readValue(bytes, kind.state());
    } catch (IOException unreadable) {
      var told = new NotSerializableException(String.valueOf(unreadable.getMessage()));
      told.initCause(unreadable);
      throw told;
    }
  }

  private Kind kind(Object state) {
    Kind kind = byClass.get(state.getClass());
    if (kind == null) {
      throw new IllegalArgumentException(state.getClass().getName() + " is no entity's state");
    }
    return kind;
  }
}
