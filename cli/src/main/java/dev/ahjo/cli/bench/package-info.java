/** The verb that loads a farm and measures it. */
@NullMarked
package dev.ahjo.cli.bench;

import org.jspecify.annotations.NullMarked;
