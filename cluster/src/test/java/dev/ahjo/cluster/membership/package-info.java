@NullMarked
package dev.ahjo.cluster.membership;

import org.jspecify.annotations.NullMarked;
