/** A project's rules, as they stand in its file. */
@NullMarked
package dev.ahjo.core.project;

import org.jspecify.annotations.NullMarked;
