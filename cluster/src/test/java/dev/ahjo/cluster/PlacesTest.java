package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.cluster.membership.Seeds;
import dev.ahjo.config.NodeSettings;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlacesTest {
  private static final NodeSettings.Listen ALL =
      new NodeSettings.Listen("0.0.0.0", 8012, Optional.empty());

  @Test
  void aNodeIsKnownByThatOfItsAddressesWhichTheNameHas() throws IOException {
    assertThat(Places.advertised(ALL, new Seeds.Named("127.0.0.1", 8012, 3), 1, Duration.ZERO))
        .isEqualTo("127.0.0.1");
  }

  /** What a name server does not know yet it may know at the next start: no mistake of settings. */
  @Test
  void aNameThatDoesNotHaveItMayHaveItLater() {
    assertThatThrownBy(() ->
            Places.advertised(ALL, new Seeds.Named("192.0.2.1", 8012, 3), 2, Duration.ofMillis(1)))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("seeds.dns: 192.0.2.1 has the addresses [192.0.2.1]")
        .hasMessageContaining("listen.advertise can name another");
    assertThatThrownBy(() ->
            Places.advertised(
                ALL, new Seeds.Named("nobody.invalid", 8012, 3), 2, Duration.ofMillis(1)))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("seeds.dns: nobody.invalid is not known");
  }
}
