/** Live events, health, metrics and the node itself over HTTP. */
@NullMarked
package dev.ahjo.http.status;

import org.jspecify.annotations.NullMarked;
