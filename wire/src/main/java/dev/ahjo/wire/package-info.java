/**
 * The records of core as bytes and back: JSON for people and journals, CBOR for wires and
 * snapshots.
 */
@NullMarked
package dev.ahjo.wire;

import org.jspecify.annotations.NullMarked;
