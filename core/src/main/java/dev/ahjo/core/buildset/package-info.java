/** One set of source stamps, and the graph of builders to run on it. */
@NullMarked
package dev.ahjo.core.buildset;

import org.jspecify.annotations.NullMarked;
