/** Projects over HTTP. */
@NullMarked
package dev.ahjo.http.project;

import org.jspecify.annotations.NullMarked;
