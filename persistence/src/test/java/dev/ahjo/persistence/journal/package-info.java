@NullMarked
package dev.ahjo.persistence.journal;

import org.jspecify.annotations.NullMarked;
