/** The pages and their files. */
@NullMarked
package dev.ahjo.http.page;

import org.jspecify.annotations.NullMarked;
