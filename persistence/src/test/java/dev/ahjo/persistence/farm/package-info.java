@org.jspecify.annotations.NullMarked
package dev.ahjo.persistence.farm;
