/** The verbs that read: tables of what there is, and why something waits. */
@NullMarked
package dev.ahjo.cli.status;

import org.jspecify.annotations.NullMarked;
