/** Streams on their way to the gate. */
@NullMarked
package dev.ahjo.worker.log;

import org.jspecify.annotations.NullMarked;
