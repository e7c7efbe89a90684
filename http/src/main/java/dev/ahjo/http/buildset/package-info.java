/** Submissions over HTTP. */
@NullMarked
package dev.ahjo.http.buildset;

import org.jspecify.annotations.NullMarked;
