/** The bytes that a step printed. */
@NullMarked
package dev.ahjo.core.log;

import org.jspecify.annotations.NullMarked;
