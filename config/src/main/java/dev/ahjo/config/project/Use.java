package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Value;

/**
 * A name that a template or condition uses, and where; checked once it is known what is in scope.
 *
 * @param index of its first character within the text
 */
record Use(Value at, int index, String name) {}
