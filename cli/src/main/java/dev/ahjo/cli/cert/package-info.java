/** {@code ahjo cert}: authorities and certificates for a farm that has none of its own. */
@NullMarked
package dev.ahjo.cli.cert;

import org.jspecify.annotations.NullMarked;
