package dev.ahjo.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The worker protocol's messages as bytes: one CBOR map each, whose {@code type} is the record's
 * simple name. A chunk's bytes are a CBOR byte string, so a log costs no more than its compressed
 * size.
 */
public final class ProtocolCodec {
  /** The longest message in bytes; both sides refuse longer ones. */
  public static final int MAX_BYTES = 512 * 1024;

  private static final ObjectWriter TO_GATE = Json.binary().writerFor(ToGate.class);
  private static final ObjectWriter TO_AGENT = Json.binary().writerFor(ToAgent.class);
  private static final ObjectReader FROM_AGENT = Json.binary().readerFor(ToGate.class);
  private static final ObjectReader FROM_GATE = Json.binary().readerFor(ToAgent.class);

  private ProtocolCodec() {}

  /** From an agent to the gate. */
  public static byte[] encode(ToGate message) {
    return encode(TO_GATE, message);
  }

  /** From the gate to an agent. */
  public static byte[] encode(ToAgent message) {
    return encode(TO_AGENT, message);
  }

  private static byte[] encode(ObjectWriter writer, Object message) {
    try {
      return writer.writeValueAsBytes(message);
    } catch (JsonProcessingException bug) {
      throw new UncheckedIOException("Could not write a " + message.getClass(), bug);
    }
  }

  /**
   * What an agent said.
   *
   * @throws IOException when the bytes are no such message, naming what was expected
   */
  public static ToGate toGate(byte[] bytes) throws IOException {
    return decode(FROM_AGENT, bytes);
  }

  /**
   * What the gate said.
   *
   * @throws IOException when the bytes are no such message, naming what was expected
   */
  public static ToAgent toAgent(byte[] bytes) throws IOException {
    return decode(FROM_GATE, bytes);
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
