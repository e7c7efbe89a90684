package dev.ahjo.core;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;

/** The entity of each type: what drives them, in earnest or in the simulator, starts here. */
public final class Rules {
  private Rules() {}

  public static Entity<?, ?, ?> of(EntityType type) {
    return switch (type) {
      case PROJECT -> new Project();
      case BUILDSET -> new Buildset();
      case REQUEST -> new BuildRequest();
      case BUILDER -> new Builder();
      case LOCK -> new Lock();
      case POOL -> new Pool();
      case BUILD -> new Build();
      case WORKER -> new Worker();
    };
  }

  /** The sealed interface of the facts that stand in the journal of an entity of that type. */
  public static Class<? extends Fact> facts(EntityType type) {
    return switch (type) {
      case PROJECT -> Project.Fact.class;
      case BUILDSET -> Buildset.Fact.class;
      case REQUEST -> BuildRequest.Fact.class;
      case BUILDER -> Builder.Fact.class;
      case LOCK -> Lock.Fact.class;
      case POOL -> Pool.Fact.class;
      case BUILD -> Build.Fact.class;
      case WORKER -> Worker.Fact.class;
    };
  }
}
