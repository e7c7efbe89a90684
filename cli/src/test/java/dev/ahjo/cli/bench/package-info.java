/** Tests of what loads a farm to measure it. */
@NullMarked
package dev.ahjo.cli.bench;

import org.jspecify.annotations.NullMarked;
