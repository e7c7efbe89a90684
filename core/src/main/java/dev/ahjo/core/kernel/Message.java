package dev.ahjo.core.kernel;

/** Whatever one entity, a person or the gate may say to an entity. Always an immutable record. */
public interface Message {}
