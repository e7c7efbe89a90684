/** The read tables: views projected from the journal's facts, apart from those who write these. */
@NullMarked
package dev.ahjo.persistence.status;

import org.jspecify.annotations.NullMarked;
