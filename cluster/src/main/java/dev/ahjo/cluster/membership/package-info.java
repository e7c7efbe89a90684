/** How nodes find each other, prove themselves to each other, and become one cluster. */
@NullMarked
package dev.ahjo.cluster.membership;

import org.jspecify.annotations.NullMarked;
