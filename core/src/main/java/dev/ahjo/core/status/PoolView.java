package dev.ahjo.core.status;

import dev.ahjo.core.id.PoolName;

/**
 * A pool of workers in figures.
 *
 * @param workers that belong to it, here or away
 * @param available those of them that take builds now
 * @param slots of the available ones
 * @param busy slots that have a build, also of workers that take no more
 * @param waiting requests that their builders have offered and that have no slot yet; a builder
 *     offers no more than the head of its queue
 */
public record PoolView(
    PoolName name, int workers, int available, int slots, int busy, int waiting) {
  static PoolView empty(PoolName name) {
    return new PoolView(name, 0, 0, 0, 0, 0);
  }
}
