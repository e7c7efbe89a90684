@NullMarked
package dev.ahjo.persistence.log;

import org.jspecify.annotations.NullMarked;
