package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import java.util.Optional;

/** One view by its key: what readers and the projection have in common. */
public interface ViewsByKey {
  Optional<ProjectView> project(ProjectName name);

  Optional<BuilderView> builder(BuilderKey key);

  Optional<BuildsetView> buildset(BuildsetId id);

  Optional<RequestView> request(RequestId id);

  Optional<BuildView> build(BuildKey key);

  Optional<WorkerView> worker(WorkerName name);

  Optional<LockView> lock(LockKey key);

  Optional<PoolView> pool(PoolName name);

  /** The project that an entity belongs to, where it belongs to one that is known. */
  default Optional<ProjectName> projectOf(EntityRef entity) {
    return switch (entity.type()) {
      case PROJECT -> Optional.of(new ProjectName(entity.id()));
      case BUILDER -> Optional.of(BuilderKey.parse(entity.id()).project());
      case BUILD -> Optional.of(BuildKey.parse(entity.id()).builder().project());
      case BUILDSET -> buildset(new BuildsetId(entity.id())).map(BuildsetView::project);
      case REQUEST -> request(new RequestId(entity.id())).map(r -> r.builder().project());
      case LOCK -> Optional.of(LockKey.parse(entity.id()).project());
      case POOL, WORKER -> Optional.empty();
    };
  }
}
