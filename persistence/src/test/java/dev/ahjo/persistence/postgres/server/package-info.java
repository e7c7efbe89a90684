/** A real PostgreSQL for tests, started by themselves. */
@org.jspecify.annotations.NullMarked
package dev.ahjo.persistence.postgres.server;
