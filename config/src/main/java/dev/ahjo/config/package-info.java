/** Project files and node settings, read into core's records; every error with its place. */
@NullMarked
package dev.ahjo.config;

import org.jspecify.annotations.NullMarked;
