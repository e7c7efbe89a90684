/** One request and its answer: routing, reading, refusing, guarding. Knows no stage of the path. */
@NullMarked
package dev.ahjo.http.exchange;

import org.jspecify.annotations.NullMarked;
