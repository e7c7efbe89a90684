package dev.ahjo.core.builder;

import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.RequestId;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PVector;
import org.pcollections.TreePVector;

/**
 * The attempts that a queue has let go of lately: one that asks to be queued again has sent that
 * long ago, and its message was late. Without this it would take a place under the limit until its
 * request refuses it.
 *
 * @param attempts the last attempt of each request
 * @param order the requests, the longest gone first
 */
public record Lately(PMap<RequestId, Integer> attempts, PVector<RequestId> order) {
  /** So many are remembered; a message that is later than that is undone by its refusals. */
  static final int MOST = 256;

  static final Lately NONE = new Lately(HashTreePMap.empty(), TreePVector.empty());

  /** Whether this attempt, or a later one of its request, has gone. */
  boolean knows(Attempt attempt) {
    return attempts.getOrDefault(attempt.request(), 0) >= attempt.number();
  }

  Lately plus(Attempt gone) {
    if (attempts.containsKey(gone.request())) {
      return knows(gone) ? this : new Lately(attempts.plus(gone.request(), gone.number()), order);
    }
    var now = new Lately(attempts.plus(gone.request(), gone.number()), order.plus(gone.request()));
    return now.order().size() <= MOST
        ? now
        : new Lately(now.attempts().minus(now.order().get(0)), now.order().minus(0));
  }
}
