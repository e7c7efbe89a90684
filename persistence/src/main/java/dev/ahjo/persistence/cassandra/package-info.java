/** A farm's storage in Cassandra: the journal, and the one order of all facts. */
@org.jspecify.annotations.NullMarked
package dev.ahjo.persistence.cassandra;
