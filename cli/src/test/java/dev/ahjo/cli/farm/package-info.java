/**
 * A farm of several nodes as real processes over a real ring of Cassandra: nodes are restarted,
 * killed and mixed with those of another version while builds go on. {@code -Dahjo.farm=true} runs
 * these tests; {@code docs/howto/prove-a-farm.md} tells how to read them.
 */
@NullMarked
package dev.ahjo.cli.farm;

import org.jspecify.annotations.NullMarked;
