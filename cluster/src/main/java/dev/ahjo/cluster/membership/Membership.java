package dev.ahjo.cluster.membership;

import dev.ahjo.cluster.membership.Seeds.Place;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** This node's place among the others: how it came there, and who they are. */
public final class Membership {
  /** How a node's name stands among its roles, the only words of its own that a member tells. */
  public static final String NAMED = "name:";

  /** What every engine is besides: so many of these must be there before a cluster is active. */
  public static final String ELECTOR = "elector";

  private static final Duration LONGEST_ASK = Duration.ofSeconds(10);

  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final AtomicReference<String> waitsFor = new AtomicReference<>("is starting");

  private final Contact contact;

  /** A node that has not begun to look for its cluster. */
  public Membership(ActorSystem<?> system) {
    this.system = system;
    cluster = Cluster.get(system);
    contact = new Contact(cluster.selfMember().uniqueAddress().longUid(), System::nanoTime);
    if (cluster.selfMember().hasRole("engine")) {
      var unused =
          system.systemActorOf(
              Caller.of(contact, System::nanoTime),
              Caller.NAME,
              // As the failure detector: not held up by what entities do.
              DispatcherSelector.fromConfig("pekko.actor.internal-dispatcher"));
    }
  }

  /**
   * Whether so few of the other engines have heard this one of late that they may be about to take
   * over. Safe for many threads.
   */
  public boolean unheard() {
    return !contact.held();
  }

  /**
   * The place of a live node that has this one's name, if there is one. Waits for some two seconds
   * where nobody is there to say.
   *
   * @param later run when one that is older than this node is found later
   */
  public Optional<String> namesake(String name, Seeds seeds, Runnable later) {
    var asked =
        system.systemActorOf(
            Namesakes.of(name, later, System::nanoTime), Namesakes.NAME, Props.empty());
    var found = new CompletableFuture<Optional<Place>>();
    asked.tell(new Namesakes.Ask(Namesakes.known(seeds), found));
    // Whoever does not know does not forbid.
    return found
        .completeOnTimeout(Optional.empty(), LONGEST_ASK.toSeconds(), TimeUnit.SECONDS)
        .join()
        .map(Place::toString);
  }

  /**
   * Begins to look for the cluster, once; what is said to entities before it is found waits.
   *
   * @param stranded run when this node must be started again to find the others
   */
  public void begin(Seeds seeds, Runnable stranded) {
    Address address = cluster.selfMember().address();
    var unused =
        system.systemActorOf(
            Formation.of(
                seeds,
                new Place(address.host().get(), (Integer) address.port().get()),
                waitsFor,
                stranded,
                System::nanoTime),
            Formation.NAME,
            Props.empty());
  }

  /**
   * A node of the cluster.
   *
   * @param name its own, or its address while it tells none
   * @param state such as {@code up}, {@code leaving}, or {@code unreachable}
   */
  public record Node(String name, String address, List<String> roles, String state) {
    public Node {
      roles = List.copyOf(roles);
    }
  }

  /** All nodes that this one knows of, by name. */
  public List<Node> nodes() {
    var unreachable = cluster.state().getUnreachable();
    List<Node> nodes = new ArrayList<>();
    cluster.state().getMembers().forEach(m -> nodes.add(node(m, unreachable.contains(m))));
    nodes.sort(Comparator.comparing(Node::name).thenComparing(Node::address));
    return nodes;
  }

  private static Node node(Member member, boolean unreachable) {
    Address at = member.address();
    String address = at.host().get() + ":" + at.port().get();
    String name = address;
    List<String> roles = new ArrayList<>();
    for (String role : member.getRoles()) {
      if (role.startsWith(NAMED)) {
        name = role.substring(NAMED.length());
      } else if (!role.startsWith("dc-") && !role.equals(ELECTOR)) {
        roles.add(role);
      }
    }
    roles.sort(Comparator.naturalOrder());
    String state = member.status().toString().toLowerCase(Locale.ROOT);
    return new Node(name, address, roles, unreachable ? "unreachable" : state);
  }

  /** Why this node can't serve as a part of the cluster now, if so. */
  public Optional<String> trouble() {
    MemberStatus status = cluster.selfMember().status();
    if (status == MemberStatus.up()) {
      return Optional.empty();
    }
    boolean goes =
        status == MemberStatus.leaving()
            || status == MemberStatus.exiting()
            || status == MemberStatus.down()
            || cluster.isTerminated();
    return Optional.of(
        goes
            ? "this node is leaving the cluster"
            : "this node is not up in the cluster: it " + waitsFor.get());
  }
}
