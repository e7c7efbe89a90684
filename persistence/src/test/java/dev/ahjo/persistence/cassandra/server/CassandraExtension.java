package dev.ahjo.persistence.cassandra.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Hands a {@link CassandraRing} of one server to whoever has a parameter of that type: the same one
 * to all tests of the JVM, so each takes a {@link CassandraRing#freshKeyspace}. A test that kills
 * it starts it again; if that test failed before it could, the next class finds it running all the
 * same. Without a JDK 17 or the server's class path the test fails, and says so.
 */
public final class CassandraExtension implements ParameterResolver {
  /** Outlives JUnit's stores: Surefire has a run of its own for each class. */
  private static @Nullable CassandraRing ring;

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType().equals(CassandraRing.class);
  }

  @Override
  public CassandraRing resolveParameter(ParameterContext parameter, ExtensionContext context) {
    try {
      return running();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static synchronized CassandraRing running() throws IOException {
    CassandraRing known = ring;
    if (known == null) {
      known = CassandraRing.ofOne();
      ring = known;
    }
    known.revive();
    return known;
  }
}
