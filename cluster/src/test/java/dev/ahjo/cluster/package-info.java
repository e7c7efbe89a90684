@NullMarked
package dev.ahjo.cluster;

import org.jspecify.annotations.NullMarked;
