/** Files as people write them, good and bad. */
@NullMarked
package dev.ahjo.config;

import org.jspecify.annotations.NullMarked;
