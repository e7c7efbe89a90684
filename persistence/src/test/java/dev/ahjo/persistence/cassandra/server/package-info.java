/** Real Cassandra servers for tests, each a process of its own. */
@org.jspecify.annotations.NullMarked
package dev.ahjo.persistence.cassandra.server;
