package dev.ahjo.http.status;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What http may know and ask of the node that it runs in. */
public interface NodeDoor {
  Facts facts();

  /**
   * @param version of the program
   * @param gate where workers join this node, as {@code pekko://HOST:PORT}; empty where none may
   */
  record Facts(
      String name, String version, Instant startedAt, Optional<String> gate, List<Member> members) {
    public Facts {
      members = List.copyOf(members);
    }
  }

  /**
   * A node of the cluster.
   *
   * @param address where other nodes reach it, as {@code HOST:PORT}
   * @param state such as {@code up}, {@code leaving} or {@code unreachable}
   */
  record Member(String name, String address, List<String> roles, String state) {
    public Member {
      roles = List.copyOf(roles);
    }
  }

  /** What keeps the node from serving, in words for people; empty when it is ready. */
  List<String> problems();

  /** Further readings for the metrics, such as the gate's sessions. */
  List<Reading> readings();

  /**
   * @param name in Prometheus' words, such as {@code ahjo_gate_sessions}
   * @param type {@code gauge} or {@code counter}
   */
  record Reading(String name, String help, String type, double value) {}

  /**
   * Begins to stop the node, and returns at once.
   *
   * @param drain let running builds end first, if no other node goes on with them
   */
  void shutdown(boolean drain, String by);
}
