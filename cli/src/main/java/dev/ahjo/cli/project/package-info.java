/** The verb that checks project files. */
@NullMarked
package dev.ahjo.cli.project;

import org.jspecify.annotations.NullMarked;
