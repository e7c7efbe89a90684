/** The queue of one builder. */
@NullMarked
package dev.ahjo.core.builder;

import org.jspecify.annotations.NullMarked;
