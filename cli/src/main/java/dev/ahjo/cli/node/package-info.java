/** The verbs that run a node and hand out its tokens. */
@NullMarked
package dev.ahjo.cli.node;

import org.jspecify.annotations.NullMarked;
