/** What a step's output and files say: tests, warnings, retry rules, file globs. */
@NullMarked
package dev.ahjo.worker.step;

import org.jspecify.annotations.NullMarked;
