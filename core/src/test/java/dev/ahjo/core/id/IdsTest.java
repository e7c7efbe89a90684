package dev.ahjo.core.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IdsTest {
  @Test
  void anIdTellsWhenItWasMadeAndOfWhat() {
    var chance = new SplittableRandom(1);
    for (int i = 0; i < 1000; i++) {
      Instant at = Instant.ofEpochMilli(chance.nextLong(1L << 47));
      long low = chance.nextLong();
      String id = Ids.at(at, chance.nextInt(1 << 16), low);
      assertThat(Ids.time(id)).contains(at);
      assertThat(Ids.low(id)).hasValue(low);
    }
  }

  @Test
  void whatWasMadeOtherwiseTellsNothing() {
    assertThat(Ids.time("s1")).isEmpty();
    assertThat(Ids.low("s1")).isEmpty();
    assertThat(Ids.low("U".repeat(26))).isEmpty();
  }
}
