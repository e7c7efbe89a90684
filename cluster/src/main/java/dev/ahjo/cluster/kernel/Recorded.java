package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.Fact;
import java.time.Instant;
import java.util.List;

record Recorded(Instant at, List<Fact> facts) {}
