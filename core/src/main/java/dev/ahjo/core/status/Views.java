package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import java.util.Optional;

/** The read tables as the projection writes them: one view by its key, read and replaced. */
public interface Views {
  Optional<ProjectView> project(ProjectName name);

  Optional<BuilderView> builder(BuilderKey key);

  Optional<BuildsetView> buildset(BuildsetId id);

  Optional<RequestView> request(RequestId id);

  Optional<BuildView> build(BuildKey key);

  Optional<WorkerView> worker(WorkerName name);

  void put(ProjectView view);

  void put(BuilderView view);

  void put(BuildsetView view);

  void put(RequestView view);

  void put(BuildView view);

  void put(WorkerView view);
}
