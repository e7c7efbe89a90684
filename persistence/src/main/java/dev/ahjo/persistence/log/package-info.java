/** Logs and artifacts as files: one for each stream, compressed as it came. */
@NullMarked
package dev.ahjo.persistence.log;

import org.jspecify.annotations.NullMarked;
