/** Values of any record of core, made from a seed. */
@NullMarked
package dev.ahjo.core.arbitrary;

import org.jspecify.annotations.NullMarked;
