/** Logs and artifacts over HTTP: ranges, and streams that follow. */
@NullMarked
package dev.ahjo.http.log;

import org.jspecify.annotations.NullMarked;
