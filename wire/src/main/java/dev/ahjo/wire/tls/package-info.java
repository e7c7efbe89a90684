/**
 * TLS from PEM files: what certificates, keys and authorities are to the parts that listen or dial.
 */
@NullMarked
package dev.ahjo.wire.tls;

import org.jspecify.annotations.NullMarked;
