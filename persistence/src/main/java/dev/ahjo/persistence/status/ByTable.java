package dev.ahjo.persistence.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.BuilderView;
import dev.ahjo.core.status.BuildsetView;
import dev.ahjo.core.status.LockView;
import dev.ahjo.core.status.PoolView;
import dev.ahjo.core.status.ProjectView;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.ViewsByKey;
import dev.ahjo.core.status.WorkerView;
import java.util.Optional;

/** Which {@link Table} each kind of view is in, for stores that treat all tables alike. */
interface ByTable extends ViewsByKey {
  /** One view, if it is there. */
  <V> Optional<V> find(Table<V> table, String id);

  @Override
  default Optional<ProjectView> project(ProjectName name) {
    return find(Table.PROJECTS, name.value());
  }

  @Override
  default Optional<BuilderView> builder(BuilderKey key) {
    return find(Table.BUILDERS, key.toString());
  }

  @Override
  default Optional<BuildsetView> buildset(BuildsetId id) {
    return find(Table.BUILDSETS, id.value());
  }

  @Override
  default Optional<RequestView> request(RequestId id) {
    return find(Table.REQUESTS, id.value());
  }

  @Override
  default Optional<BuildView> build(BuildKey key) {
    return find(Table.BUILDS, key.toString());
  }

  @Override
  default Optional<WorkerView> worker(WorkerName name) {
    return find(Table.WORKERS, name.value());
  }

  @Override
  default Optional<LockView> lock(LockKey key) {
    return find(Table.LOCKS, key.toString());
  }

  @Override
  default Optional<PoolView> pool(PoolName name) {
    return find(Table.POOLS, name.value());
  }

  /** The writer's side. */
  interface Written extends ByTable, CommittedViews {
    <V> void put(Table<V> table, V view);

    @Override
    default void put(ProjectView view) {
      put(Table.PROJECTS, view);
    }

    @Override
    default void put(BuilderView view) {
      put(Table.BUILDERS, view);
    }

    @Override
    default void put(BuildsetView view) {
      put(Table.BUILDSETS, view);
    }

    @Override
    default void put(RequestView view) {
      put(Table.REQUESTS, view);
    }

    @Override
    default void put(BuildView view) {
      put(Table.BUILDS, view);
    }

    @Override
    default void put(WorkerView view) {
      put(Table.WORKERS, view);
    }

    @Override
    default void put(LockView view) {
      put(Table.LOCKS, view);
    }

    @Override
    default void put(PoolView view) {
      put(Table.POOLS, view);
    }
  }

  /** The readers' side. */
  interface Listed extends ByTable, StatusStore {
    /** A page of what the table's {@link Table#listing} has found to be a good question. */
    <V> Page<V> list(Table<V> table, Query query);

    private <V> Page<V> checked(Table<V> table, Query query) {
      table.listing().check(query);
      return list(table, query);
    }

    @Override
    default Page<ProjectView> projects(Query query) {
      return checked(Table.PROJECTS, query);
    }

    @Override
    default Page<BuilderView> builders(Query query) {
      return checked(Table.BUILDERS, query);
    }

    @Override
    default Page<BuildsetView> buildsets(Query query) {
      return checked(Table.BUILDSETS, query);
    }

    @Override
    default Page<RequestView> requests(Query query) {
      return checked(Table.REQUESTS, query);
    }

    @Override
    default Page<BuildView> builds(Query query) {
      return checked(Table.BUILDS, query);
    }

    @Override
    default Page<WorkerView> workers(Query query) {
      return checked(Table.WORKERS, query);
    }

    @Override
    default Page<LockView> locks(Query query) {
      return checked(Table.LOCKS, query);
    }

    @Override
    default Page<PoolView> pools(Query query) {
      return checked(Table.POOLS, query);
    }
  }
}
