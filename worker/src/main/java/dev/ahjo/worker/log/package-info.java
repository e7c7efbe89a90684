/** Streams of bytes on their way from spool files to the gate. */
@NullMarked
package dev.ahjo.worker.log;

import org.jspecify.annotations.NullMarked;
