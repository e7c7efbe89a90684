/** The embedded journal: facts and snapshots in one forced H2 file. */
@NullMarked
package dev.ahjo.persistence.journal;

import org.jspecify.annotations.NullMarked;
