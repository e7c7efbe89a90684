/** What {@code ahjo up} is made of. */
@NullMarked
package dev.ahjo.cli.up;

import org.jspecify.annotations.NullMarked;
