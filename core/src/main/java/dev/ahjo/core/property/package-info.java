/** Values with provenance, and the text that names them. */
@NullMarked
package dev.ahjo.core.property;

import org.jspecify.annotations.NullMarked;
