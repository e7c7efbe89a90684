/** A node: its parts, put together in order. */
@NullMarked
package dev.ahjo.cluster;

import org.jspecify.annotations.NullMarked;
