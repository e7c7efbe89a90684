package dev.ahjo.core.kernel;

/**
 * Something that has happened to an entity, in the past tense and complete: a reader of facts alone
 * can tell the story. Once published its shape never changes; a successor stands beside it.
 */
public interface Fact {}
