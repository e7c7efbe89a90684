/**
 * The parts of a project file, each read by one class; drafts become definitions when all is known.
 */
@NullMarked
package dev.ahjo.config.project;

import org.jspecify.annotations.NullMarked;
