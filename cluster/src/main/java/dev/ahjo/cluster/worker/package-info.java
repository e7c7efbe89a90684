/** The gate: where workers' agents come in, and no further. */
@NullMarked
package dev.ahjo.cluster.worker;

import org.jspecify.annotations.NullMarked;
