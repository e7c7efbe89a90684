package dev.ahjo.core.status;

/** The read tables as the projection writes them: one view by its key, read and replaced. */
public interface Views extends ViewsByKey {
  void put(ProjectView view);

  void put(BuilderView view);

  void put(BuildsetView view);

  void put(RequestView view);

  void put(BuildView view);

  void put(WorkerView view);

  void put(LockView view);

  void put(PoolView view);
}
