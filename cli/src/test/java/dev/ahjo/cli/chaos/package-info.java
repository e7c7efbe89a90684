/**
 * A farm of real processes under faults of every kind, the record that its clients and workers make
 * of it, and the judge of that record.
 */
@NullMarked
package dev.ahjo.cli.chaos;

import org.jspecify.annotations.NullMarked;
