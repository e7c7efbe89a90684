@NullMarked
package dev.ahjo.worker.process;

import org.jspecify.annotations.NullMarked;
