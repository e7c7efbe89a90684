/** One attempt: a plan of steps on one worker. */
@NullMarked
package dev.ahjo.core.build;

import org.jspecify.annotations.NullMarked;
