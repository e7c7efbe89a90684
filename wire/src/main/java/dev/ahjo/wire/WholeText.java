package dev.ahjo.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;

/**
 * Reads texts so that UTF-8 can hold them. An escape of JSON can make half a surrogate pair, and
 * careless writers make it of names of files; it is read as U+FFFD. To refuse it would be worse:
 * whoever sent it would send it again for as long as it is not acknowledged.
 */
final class WholeText extends StdScalarDeserializer<String> {
  private static final long serialVersionUID = 1;
  private static final char REPLACEMENT = '\uFFFD';

  private WholeText() {
    super(String.class);
  }

  /** For a mapper of which all that it reads comes from outside. */
  static Module module() {
    return new SimpleModule("ahjo-whole-text")
        .addDeserializer(String.class, new WholeText())
        .addKeyDeserializer(
            String.class,
            new KeyDeserializer() {
              @Override
              public Object deserializeKey(String key, DeserializationContext context) {
                return of(key);
              }
            });
  }

  @Override
  public String deserialize(JsonParser from, DeserializationContext context) throws IOException {
    return of(StringDeserializer.instance.deserialize(from, context));
  }

  /** The text with U+FFFD for every half of a pair. */
  static String of(String text) {
    StringBuilder whole = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        whole = whole == null ? new StringBuilder(text) : whole;
        whole.setCharAt(i, REPLACEMENT);
      }
    }
    return whole == null ? text : whole.toString();
  }
}
