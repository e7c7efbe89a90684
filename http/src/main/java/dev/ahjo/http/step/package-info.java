/** A build's steps as JSON. */
@NullMarked
package dev.ahjo.http.step;

import org.jspecify.annotations.NullMarked;
