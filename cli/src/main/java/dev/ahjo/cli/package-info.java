/**
 * The command {@code ahjo}: what it prints, where it finds a node, how it exits. Decides nothing.
 */
@NullMarked
package dev.ahjo.cli;

import org.jspecify.annotations.NullMarked;
