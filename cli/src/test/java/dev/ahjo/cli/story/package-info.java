/**
 * Stories told with real processes: nodes and agents that are killed, and what became of builds.
 */
@NullMarked
package dev.ahjo.cli.story;

import org.jspecify.annotations.NullMarked;
