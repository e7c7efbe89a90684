package dev.ahjo.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private final List<String> went = new ArrayList<>();
  private final Turns turns = new Turns(2);

  private Turns.Turn stand(String name) {
    return turns.stand(() -> went.add(name));
  }

  @Test
  void soManyGoAtOnceAndTheOthersInTheirOrder() {
    var a = stand("a");
    var b = stand("b");
    var c = stand("c");
    stand("d");
    assertThat(went).containsExactly("a", "b");
    b.over();
    b.over();
    assertThat(went).containsExactly("a", "b", "c");
    a.over();
    c.over();
    assertThat(went).containsExactly("a", "b", "c", "d");
    assertThat(turns.waiting()).isZero();
  }

  @Test
  void whoLeavesTheLineIsPassedOver() {
    var a = stand("a");
    stand("b");
    var c = stand("c");
    stand("d");
    c.over();
    a.over();
    assertThat(went).containsExactly("a", "b", "d");
  }
}
