/** The verbs that change what already exists: cancel, retry, stop, rebuild, pause and their kin. */
@NullMarked
package dev.ahjo.cli.steer;

import org.jspecify.annotations.NullMarked;
