/** One machine that offers slots, and the words it speaks with the gate. */
@NullMarked
package dev.ahjo.core.worker;

import org.jspecify.annotations.NullMarked;
