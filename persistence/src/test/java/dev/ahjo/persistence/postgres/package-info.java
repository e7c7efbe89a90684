@org.jspecify.annotations.NullMarked
package dev.ahjo.persistence.postgres;
