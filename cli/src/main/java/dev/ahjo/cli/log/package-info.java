/** The verb that reads what a step printed, live or afterwards. */
@NullMarked
package dev.ahjo.cli.log;

import org.jspecify.annotations.NullMarked;
