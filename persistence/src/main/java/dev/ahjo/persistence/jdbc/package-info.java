/** What all that is kept in relational databases has in common. */
@NullMarked
package dev.ahjo.persistence.jdbc;

import org.jspecify.annotations.NullMarked;
