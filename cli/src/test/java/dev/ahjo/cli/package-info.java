/** The command as its users meet it: lines in, lines and an exit code out. */
@NullMarked
package dev.ahjo.cli;

import org.jspecify.annotations.NullMarked;
