/** The matchmaker of one worker pool. */
@NullMarked
package dev.ahjo.core.pool;

import org.jspecify.annotations.NullMarked;
