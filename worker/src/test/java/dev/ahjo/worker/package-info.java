/** The agent, told as stories against a gate that is honest to the protocol. */
@NullMarked
package dev.ahjo.worker;

import org.jspecify.annotations.NullMarked;
