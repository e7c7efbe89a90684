/** What a step's output and files say. */
@NullMarked
package dev.ahjo.worker.step;

import org.jspecify.annotations.NullMarked;
