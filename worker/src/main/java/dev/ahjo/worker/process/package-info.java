/** Commands that outlive the agent that started them, and their ends. */
@NullMarked
package dev.ahjo.worker.process;

import org.jspecify.annotations.NullMarked;
