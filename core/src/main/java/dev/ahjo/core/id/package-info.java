/** What things are called: typed names and keys, printable, sortable where time matters. */
@NullMarked
package dev.ahjo.core.id;

import org.jspecify.annotations.NullMarked;
