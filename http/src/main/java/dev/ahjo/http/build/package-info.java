/** Builds over HTTP. */
@NullMarked
package dev.ahjo.http.build;

import org.jspecify.annotations.NullMarked;
