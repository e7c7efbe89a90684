/** Builders over HTTP. */
@NullMarked
package dev.ahjo.http.builder;

import org.jspecify.annotations.NullMarked;
