/**
 * Everything in PostgreSQL, for a farm of a few nodes: how it is reached, its tables, its storage.
 */
@NullMarked
package dev.ahjo.persistence.postgres;

import org.jspecify.annotations.NullMarked;
