/** The verb that starts everything on one machine. */
@NullMarked
package dev.ahjo.cli.up;

import org.jspecify.annotations.NullMarked;
