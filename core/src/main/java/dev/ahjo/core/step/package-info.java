/** One command of a build's plan. */
@NullMarked
package dev.ahjo.core.step;

import org.jspecify.annotations.NullMarked;
