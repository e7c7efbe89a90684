@NullMarked
package dev.ahjo.core.id;

import org.jspecify.annotations.NullMarked;
