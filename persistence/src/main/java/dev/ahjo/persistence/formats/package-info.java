/** What one row of the journal and one snapshot hold: readable, versioned, read for ever. */
@NullMarked
package dev.ahjo.persistence.formats;

import org.jspecify.annotations.NullMarked;
