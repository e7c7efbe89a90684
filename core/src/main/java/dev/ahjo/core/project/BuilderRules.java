package dev.ahjo.core.project;

import dev.ahjo.core.project.BuilderDefinition.Collapse;
import java.util.OptionalInt;

/**
 * The part of a builder's definition that its queue obeys.
 *
 * @param version of the project's definition; the queue keeps the newest it has heard of
 * @param limit builds at once; empty means as many as there are slots
 */
public record BuilderRules(long version, OptionalInt limit, Collapse collapse) {}
