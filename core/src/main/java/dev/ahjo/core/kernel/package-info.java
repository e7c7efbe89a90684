/** An entity is four pure functions; this is all that is shared between the entities. */
@NullMarked
package dev.ahjo.core.kernel;

import org.jspecify.annotations.NullMarked;
