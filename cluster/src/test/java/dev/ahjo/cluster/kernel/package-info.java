@NullMarked
package dev.ahjo.cluster.kernel;

import org.jspecify.annotations.NullMarked;
