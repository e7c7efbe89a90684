@NullMarked
package dev.ahjo.wire;

import org.jspecify.annotations.NullMarked;
