/** What the rules need from the world; others implement it. */
@NullMarked
package dev.ahjo.core.port;

import org.jspecify.annotations.NullMarked;
