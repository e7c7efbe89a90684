/** The farm in bad weather, and the farm broken on purpose. */
@NullMarked
package dev.ahjo.core.simulator;

import org.jspecify.annotations.NullMarked;
