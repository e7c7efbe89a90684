/** One builder asked to build one set of source stamps; owns the retries. */
@NullMarked
package dev.ahjo.core.request;

import org.jspecify.annotations.NullMarked;
