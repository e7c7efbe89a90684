/** Locks over HTTP. */
@NullMarked
package dev.ahjo.http.lock;

import org.jspecify.annotations.NullMarked;
