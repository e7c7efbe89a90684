/** Drives the entities of core: a mailbox, a journal and timers for each, spread over shards. */
@NullMarked
package dev.ahjo.cluster.kernel;

import org.jspecify.annotations.NullMarked;
