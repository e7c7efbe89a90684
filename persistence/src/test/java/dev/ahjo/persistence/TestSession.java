package dev.ahjo.persistence;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import java.net.InetSocketAddress;
import java.time.Duration;

public final class TestSession {
  private TestSession() {}

  public static CqlSession open() {
    return CqlSession.builder()
        .addContactPoint(new InetSocketAddress("127.0.1.21", 23210))
        .withLocalDatacenter("datacenter1")
        .withConfigLoader(
            DriverConfigLoader.programmaticBuilder()
                .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(10))
                .build())
        .build();
  }

  public static String keyspace(CqlSession session, String name) {
    session.execute("CREATE KEYSPACE IF NOT EXISTS " + name
        + " WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}");
    return name;
  }
}
