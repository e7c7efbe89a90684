package dev.ahjo.cluster.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Whether a node may go on deciding, by when it was last heard. */
class ContactTest {
  private static final long A = 10;
  private static final long B = 20;
  private static final long C = 30;

  private double now;
  private final Contact contact = new Contact(A, () -> nanos(now));

  private static long nanos(double seconds) {
    return (long) (seconds * 1e9) - 3_000_000_000L;
  }

  private void echo(long node, double calledAt) {
    contact.echoed(node, nanos(calledAt));
  }

  @Test
  void whoIsAloneIsHeld() {
    assertThat(contact.held()).as("nobody is known yet").isTrue();
    contact.engines(List.of(A));
    now = 100;
    assertThat(contact.held()).isTrue();
  }

  @Test
  void oneOfTheOthersIsEnoughOfThree() {
    contact.engines(List.of(A, B, C));
    now = 4.9;
    assertThat(contact.held()).as("new ones are taken to hear it").isTrue();
    echo(C, 4.8);
    now = 9.7;
    assertThat(contact.held()).isTrue();
    now = 9.9;
    assertThat(contact.held()).isFalse();
    echo(B, 9.8);
    assertThat(contact.held()).as("it was only slow").isTrue();
  }

  /** Cut off at 1 s, stopped from 4 to 9.9 s: less than the pulse allows, and yet too long. */
  @Test
  void whoWasCutOffAndThenStoodStillKnowsItAtOnce() {
    contact.engines(List.of(A, B, C));
    now = 1;
    echo(B, 1);
    echo(C, 1);
    now = 9.9;
    assertThat(contact.held()).isFalse();
    echo(B, 1.1);
    echo(C, 1.1);
    assertThat(contact.held()).as("what waited in a socket is no sign of life").isFalse();
    contact.engines(List.of(A, B, C));
    assertThat(contact.held()).as("the same members again are not new ones").isFalse();
  }

  @Test
  void ofHalvesTheOneWithTheFirstAddressGoesOn() {
    for (List<Long> all : List.of(List.of(A, B), List.of(B, A))) {
      var half = new Contact(A, () -> nanos(now));
      now = 0;
      half.engines(all);
      now = 6;
      assertThat(half.held()).as("of %s", all).isEqualTo(all.getFirst() == A);
    }
  }

  @Test
  void whoHasLeftIsNotWaitedFor() {
    contact.engines(List.of(A, B, C));
    now = 6;
    contact.engines(List.of(A));
    assertThat(contact.held()).isTrue();
  }
}
