@NullMarked
package dev.ahjo.cluster.worker;

import org.jspecify.annotations.NullMarked;
