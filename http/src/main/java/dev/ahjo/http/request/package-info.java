/** Build requests over HTTP, and why they wait. */
@NullMarked
package dev.ahjo.http.request;

import org.jspecify.annotations.NullMarked;
