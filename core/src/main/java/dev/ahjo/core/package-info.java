/**
 * The rules of the house, all in one place: what a node, the simulator and the doors of the farm
 * start from.
 */
@NullMarked
package dev.ahjo.core;

import org.jspecify.annotations.NullMarked;
