/** Facts and snapshots in relational databases: one forced H2 file, or a farm's PostgreSQL. */
@NullMarked
package dev.ahjo.persistence.journal;

import org.jspecify.annotations.NullMarked;
