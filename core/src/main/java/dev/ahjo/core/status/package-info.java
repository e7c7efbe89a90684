/** What people and programs read. */
@NullMarked
package dev.ahjo.core.status;

import org.jspecify.annotations.NullMarked;
