/**
 * What the nodes of a farm that share a storage tell each other of it, and which one writes for
 * all.
 */
@NullMarked
package dev.ahjo.persistence.farm;

import org.jspecify.annotations.NullMarked;
