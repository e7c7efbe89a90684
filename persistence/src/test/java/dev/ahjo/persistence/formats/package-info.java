@NullMarked
package dev.ahjo.persistence.formats;

import org.jspecify.annotations.NullMarked;
