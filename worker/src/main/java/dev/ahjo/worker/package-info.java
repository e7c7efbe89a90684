/**
 * The agent: takes plans from the gate, walks them, and keeps every report and byte of output on
 * its disk until the gate has it.
 */
@NullMarked
package dev.ahjo.worker;

import org.jspecify.annotations.NullMarked;
