/** What people and programs touch: routes, JSON views and pages over core's ports. */
@NullMarked
package dev.ahjo.http;

import org.jspecify.annotations.NullMarked;
