/** YAML as nodes that know their place, so that every error can say where it stands. */
@NullMarked
package dev.ahjo.config.yaml;

import org.jspecify.annotations.NullMarked;
