/** What several builds may not use at once. */
@NullMarked
package dev.ahjo.core.lock;

import org.jspecify.annotations.NullMarked;
