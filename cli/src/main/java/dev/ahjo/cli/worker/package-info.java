/** The verb that runs a worker's agent. */
@NullMarked
package dev.ahjo.cli.worker;

import org.jspecify.annotations.NullMarked;
