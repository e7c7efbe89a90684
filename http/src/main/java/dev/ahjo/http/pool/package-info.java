/** Worker pools over HTTP. */
@NullMarked
package dev.ahjo.http.pool;

import org.jspecify.annotations.NullMarked;
