package dev.ahjo.cluster.membership;

import dev.ahjo.wire.Json;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** Words in CBOR. Only words are made from its bytes. */
public final class WordSerializer extends SerializerWithStringManifest {
  private static final int ID = 8020;

  @Override
  public int identifier() {
    return ID;
  }

  @Override
  public String manifest(Object o) {
    return switch ((Word) o) {
      case Word.Ask _ -> "ask";
      case Word.Reply _ -> "reply";
      case Word.WhoIs _ -> "who-is";
      case Word.IAm _ -> "i-am";
      case Word.NotI _ -> "not-i";
      case Word.Call _ -> "call";
      case Word.Echo _ -> "echo";
    };
  }

  @Override
  public byte[] toBinary(Object o) {
    try {
      return Json.binary().writeValueAsBytes(o);
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Can't write " + o.getClass().getName(), unwritable);
    }
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    Class<? extends Word> kind =
        switch (manifest) {
          case "ask" -> Word.Ask.class;
          case "reply" -> Word.Reply.class;
          case "who-is" -> Word.WhoIs.class;
          case "i-am" -> Word.IAm.class;
          case "not-i" -> Word.NotI.class;
          case "call" -> Word.Call.class;
          case "echo" -> Word.Echo.class;
          default ->
              throw new NotSerializableException(
                  "Expected a word between nodes, but found '" + manifest + "'");
        };
    try {
      return Json.binary().readValue(bytes, kind);
    } catch (IOException unreadable) {
      var told =
          new NotSerializableException("Can't read " + manifest + ": " + unreadable.getMessage());
      told.initCause(unreadable);
      throw told;
    }
  }
}
