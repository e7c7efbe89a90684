@NullMarked
package dev.ahjo.http;

import org.jspecify.annotations.NullMarked;
