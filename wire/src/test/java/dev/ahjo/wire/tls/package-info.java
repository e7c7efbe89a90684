@NullMarked
package dev.ahjo.wire.tls;

import org.jspecify.annotations.NullMarked;
