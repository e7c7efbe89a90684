/** The settings of a node. */
@NullMarked
package dev.ahjo.config.node;

import org.jspecify.annotations.NullMarked;
