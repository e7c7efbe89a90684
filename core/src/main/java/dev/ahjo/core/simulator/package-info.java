/**
 * The whole farm in one thread, on a virtual clock, in bad weather: the same entities as in a node,
 * with messages that are late, doubled, lost or out of order, and entities, nodes and machines that
 * die. Checks after every step what must always hold, and tells the shortest story of how it broke.
 */
@NullMarked
package dev.ahjo.core.simulator;

import org.jspecify.annotations.NullMarked;
