package dev.ahjo.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.ahjo.core.worker.Protocol.Ping;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The worker protocol's messages as bytes: one map each, whose {@code type} is the record's simple
 * name, in one of two {@link Form}s of the same shape. Half a surrogate pair in a text is U+FFFD on
 * the other side: no text makes a message that can't be sent.
 */
public final class ProtocolCodec {
  /** The longest message in bytes; both sides refuse longer ones. */
  public static final int MAX_BYTES = 512 * 1024;

  /** How a message is written. */
  public enum Form {
    /** CBOR: a chunk's bytes are a byte string, so a log costs no more than its compressed size. */
    BINARY(Json.binary(), "\u00a1dtypedPing".getBytes(StandardCharsets.ISO_8859_1)),
    /** JSON in UTF-8, for whoever has nothing else: bytes are base 64. */
    TEXT(Json.text(), "{\"type\": \"Ping\"}".getBytes(StandardCharsets.UTF_8));

    private final ObjectWriter toGate;
    private final ObjectWriter toAgent;
    private final ObjectReader fromAgent;
    private final ObjectReader fromGate;
    private final byte[] ping;

    /** As others write it: a map of known length, a space after the colon. */
    private final byte[] othersPing;

    Form(ObjectMapper mapper, byte[] othersPing) {
      toGate = mapper.writerFor(ToGate.class);
      toAgent = mapper.writerFor(ToAgent.class);
      ObjectMapper whole = mapper.copy().registerModule(WholeText.module());
      fromAgent = whole.readerFor(ToGate.class);
      fromGate = whole.readerFor(ToAgent.class);
      ping = encode(toAgent, new Ping());
      this.othersPing = othersPing;
    }
  }

  private ProtocolCodec() {}

  /** A ping to an agent, whose bytes are always the same ones: not to be written to. */
  public static byte[] ping(Form form) {
    return form.ping;
  }

  /**
   * Whether these are plainly a ping's bytes. There are others, with more keys or blanks, that only
   * a reader finds out; but a farm of idle agents says nothing else, and most say it so.
   */
  public static boolean isPing(byte[] bytes, Form form) {
    return Arrays.equals(bytes, form.ping) || Arrays.equals(bytes, form.othersPing);
  }

  /** From an agent to the gate, in {@link Form#BINARY}. */
  public static byte[] encode(ToGate message) {
    return encode(message, Form.BINARY);
  }

  public static byte[] encode(ToGate message, Form form) {
    return encode(form.toGate, message);
  }

  /** From the gate to an agent, in {@link Form#BINARY}. */
  public static byte[] encode(ToAgent message) {
    return encode(message, Form.BINARY);
  }

  public static byte[] encode(ToAgent message, Form form) {
    return encode(form.toAgent, message);
  }

  private static byte[] encode(ObjectWriter writer, Object message) {
    try {
      return writer.writeValueAsBytes(message);
    } catch (JsonProcessingException bug) {
      throw new UncheckedIOException("Could not write a " + message.getClass(), bug);
    }
  }

  /**
   * What an agent said, in {@link Form#BINARY}.
   *
   * @throws IOException when the bytes are no such message, naming what was expected
   */
  public static ToGate toGate(byte[] bytes) throws IOException {
    return toGate(bytes, Form.BINARY);
  }

  /**
   * As above, in any form.
   *
   * @throws IOException as above
   */
  public static ToGate toGate(byte[] bytes, Form form) throws IOException {
    return decode(form.fromAgent, bytes);
  }

  /**
   * What the gate said, in {@link Form#BINARY}.
   *
   * @throws IOException when the bytes are no such message, naming what was expected
   */
  public static ToAgent toAgent(byte[] bytes) throws IOException {
    return toAgent(bytes, Form.BINARY);
  }

  /**
   * As above, in any form.
   *
   * @throws IOException as above
   */
  public static ToAgent toAgent(byte[] bytes, Form form) throws IOException {
    return decode(form.fromGate, bytes);
  }

  private static <M> M decode(ObjectReader reader, byte[] bytes) throws IOException {
    if (bytes.length > MAX_BYTES) {
      throw new IOException(
          "Expected a message of at most " + MAX_BYTES + " bytes, but found " + bytes.length);
    }
    M message;
    try {
      message = reader.readValue(bytes);
    } catch (IllegalArgumentException | NullPointerException unfit) {
      throw new IOException("Expected a message of the protocol: " + unfit.getMessage(), unfit);
    }
    if (message == null) {
      throw new IOException("Expected a message of the protocol, but found null");
    }
    return message;
  }
}
