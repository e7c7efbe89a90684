package dev.ahjo.cluster.membership;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cluster.membership.Seeds.Place;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes that start at once, late, or cut off from each other elect at most one of them. */
class BallotTest {
  private static final Place A = new Place("a", 1);
  private static final Place B = new Place("b", 1);
  private static final Place C = new Place("c", 1);

  private static long seconds(double s) {
    return (long) (s * 1e9);
  }

  @Test
  void aNodeListensBeforeItVotesForItself() {
    var alone = new Ballot(A, 1, 0);
    alone.ask(true, seconds(1));
    assertThat(alone.elected(seconds(1))).isFalse();
    alone.ask(true, seconds(1.6));
    assertThat(alone.elected(seconds(1.6))).isTrue();
  }

  @Test
  void whoIsNoSeedIsNeverElected() {
    var guest = new Ballot(C, 1, 0);
    long round = guest.ask(false, seconds(2));
    guest.granted(A, round);
    guest.granted(B, round);
    assertThat(guest.elected(seconds(2))).isFalse();
  }

  @Test
  void aVoteBinds() {
    var voter = new Ballot(B, 2, 0);
    assertThat(voter.votes(C, seconds(2))).isTrue();
    assertThat(voter.votes(A, seconds(3))).as("though its name comes first").isFalse();
    assertThat(voter.votes(C, seconds(4))).as("the same again").isTrue();
    assertThat(voter.bound(seconds(7))).contains(C);
    assertThat(voter.votes(A, seconds(8.1))).as("bound no longer").isTrue();
  }

  @Test
  void ofSeveralCandidatesTheFirstByNameIsPreferred() {
    var voter = new Ballot(C, 2, 0);
    voter.ask(true, seconds(0.1));
    assertThat(voter.votes(A, seconds(0.2))).isTrue();
    assertThat(voter.votes(B, seconds(0.3))).isFalse();
    voter.ask(true, seconds(2));
    assertThat(voter.elected(seconds(2))).isFalse();
  }

  @Test
  void votesOfAnEarlierRoundDoNotCount() {
    var ballot = new Ballot(A, 2, 0);
    long first = ballot.ask(true, seconds(2));
    long second = ballot.ask(true, seconds(2.3));
    ballot.granted(B, first);
    assertThat(ballot.elected(seconds(2.4))).isFalse();
    ballot.granted(B, second);
    assertThat(ballot.elected(seconds(2.4))).isTrue();
    assertThat(ballot.elected(seconds(4.4))).as("too late").isFalse();
  }

  @Test
  void whoHasMetAMemberNeitherVotesNorFormsUntilTheMemberIsSilent() {
    var ballot = new Ballot(A, 2, 0);
    long round = ballot.ask(true, seconds(2));
    ballot.granted(B, round);
    assertThat(ballot.joins(seconds(2.1))).as("a join begins").isTrue();
    assertThat(ballot.elected(seconds(2.2))).isFalse();
    assertThat(ballot.joins(seconds(5))).as("it is under way").isFalse();
    assertThat(ballot.votes(C, seconds(14.9))).as("a member was there").isFalse();
    assertThat(ballot.joins(seconds(14.9))).as("perhaps by another member").isTrue();
    assertThat(ballot.votes(B, seconds(24.8))).isFalse();
    assertThat(ballot.votes(B, seconds(25))).as("no member is left").isTrue();
    ballot.granted(B, ballot.ask(true, seconds(36)));
    assertThat(ballot.elected(seconds(36))).isTrue();
  }

  /** One node of the simulation: apart, or in the cluster that {@code founder} formed. */
  private static final class Node {
    final Place place;
    final long starts;
    Ballot ballot;
    int life;
    @Nullable Place founder;

    Node(Place place, int quorum, long starts) {
      this.place = place;
      this.ballot = new Ballot(place, quorum, starts);
      this.starts = starts;
    }
  }

  private record Event(long at, Runnable what) {}

  /** Runs a farm for some time; how many clusters are active at its end and at any time before. */
  private static final class Farm {
    final PriorityQueue<Event> agenda = new PriorityQueue<>(Comparator.comparingLong(Event::at));
    final List<Node> nodes = new ArrayList<>();
    final Random chance;
    final double loss;
    final int quorum;
    long now;

    /** How long a member takes until it lets a node in. */
    long takesIn;

    Farm(int size, long seed, double loss) {
      chance = new Random(seed);
      this.loss = loss;
      quorum = size / 2 + 1;
      for (int i = 0; i < size; i++) {
        Node node = new Node(new Place("n" + i, 1), quorum, chance.nextLong(seconds(8)));
        nodes.add(node);
        after(node.starts, () -> round(node, 0));
      }
    }

    void after(long delay, Runnable what) {
      agenda.add(new Event(now + delay, what));
    }

    void send(Runnable what) {
      if (chance.nextDouble() >= loss) {
        after(chance.nextLong(seconds(0.4)), what);
      }
    }

    void round(Node node, int life) {
      if (node.founder == null && node.life == life) {
        long round = node.ballot.ask(true, now);
        for (Node other : nodes) {
          if (other != node) {
            send(() -> hear(other, node, round));
          }
        }
        form(node);
        after(seconds(0.3), () -> round(node, life));
      }
    }

    void form(Node node) {
      if (node.founder == null && node.ballot.elected(now) && node.ballot.joins(now)) {
        node.founder = node.place;
      }
    }

    void hear(Node node, Node asker, long round) {
      if (now < node.starts) {
        return;
      }
      Place founder = node.founder;
      if (founder != null) {
        send(() -> {
          if (asker.founder == null && asker.ballot.joins(now)) {
            join(asker, node, node.life, founder);
          }
        });
      } else if (node.ballot.votes(asker.place, now)) {
        send(() -> {
          asker.ballot.granted(node.place, round);
          form(asker);
        });
      }
    }

    void join(Node node, Node member, int lifeOfMember, Place founder) {
      int life = node.life;
      after(
          takesIn,
          () -> {
            if (node.founder == null && node.life == life && member.life == lifeOfMember) {
              node.founder = founder;
            }
          });
    }

    /** It ends, and is started again at once. */
    void dies(Node node) {
      node.founder = null;
      int life = ++node.life;
      node.ballot = new Ballot(node.place, quorum, now);
      round(node, life);
    }

    /** Clusters with enough members to work. */
    long active() {
      return nodes.stream()
          .map(n -> n.founder)
          .filter(f -> f != null)
          .distinct()
          .filter(f -> nodes.stream().filter(n -> f.equals(n.founder)).count() >= quorum)
          .count();
    }

    void runs(Duration time) {
      long end = now + time.toNanos();
      while (!agenda.isEmpty() && agenda.peek().at() <= end) {
        Event next = agenda.poll();
        now = next.at();
        next.what().run();
        assertThat(active()).as("active clusters at %s ns", now).isLessThanOrEqualTo(1);
      }
      now = end;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7})
  void nodesThatReachEachOtherBecomeOne(int size) {
    for (long seed = 0; seed < 100; seed++) {
      Farm farm = new Farm(size, seed, 0);
      farm.runs(Duration.ofSeconds(60));
      assertThat(farm.nodes.stream().map(n -> n.founder).distinct())
          .as("founders, seed %s", seed)
          .hasSize(1)
          .doesNotContainNull();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5, 7})
  void aFounderThatDiesBeforeItTakesAnybodyInHoldsUpNobody(int size) {
    for (long seed = 0; seed < 100; seed++) {
      Farm farm = new Farm(size, seed, 0);
      farm.takesIn = seconds(10);
      while (farm.nodes.stream().allMatch(n -> n.founder == null)) {
        farm.runs(Duration.ofMillis(100));
      }
      farm.runs(Duration.ofNanos(farm.chance.nextLong(seconds(9))));
      farm.nodes.stream().filter(n -> n.founder != null).forEach(farm::dies);
      farm.takesIn = seconds(0.2);
      farm.runs(Duration.ofSeconds(60));
      assertThat(farm.nodes.stream().map(n -> n.founder).distinct())
          .as("founders, seed %s", seed)
          .hasSize(1)
          .doesNotContainNull();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void nodesThatHardlyHearEachOtherNeverBecomeTwo(int size) {
    for (long seed = 0; seed < 100; seed++) {
      Farm farm = new Farm(size, seed, 0.7);
      farm.runs(Duration.ofSeconds(120));
    }
  }
}
