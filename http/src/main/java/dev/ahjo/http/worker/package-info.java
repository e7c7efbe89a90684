/** Workers over HTTP. */
@NullMarked
package dev.ahjo.http.worker;

import org.jspecify.annotations.NullMarked;
