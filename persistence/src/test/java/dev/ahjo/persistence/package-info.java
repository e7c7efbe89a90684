@NullMarked
package dev.ahjo.persistence;

import org.jspecify.annotations.NullMarked;
