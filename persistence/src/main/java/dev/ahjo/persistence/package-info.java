/** What a node keeps on disk: the data folder and what lies in it. */
@NullMarked
package dev.ahjo.persistence;

import org.jspecify.annotations.NullMarked;
