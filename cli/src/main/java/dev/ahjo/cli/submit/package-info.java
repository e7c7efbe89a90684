/** The verb that asks for builds, and follows them to their end. */
@NullMarked
package dev.ahjo.cli.submit;

import org.jspecify.annotations.NullMarked;
