package dev.ahjo.core.request;

import java.util.Locale;

/** Why a request is waiting, from whoever makes it wait; {@code detail} names names, for people. */
public record WaitReason(Code code, String detail) {
  public enum Code {
    NEEDS_UNFINISHED,
    BUILDER_LIMIT,
    BEHIND_IN_QUEUE,
    LOCK_HELD,
    NO_WORKER_WITH_LABELS,
    WORKERS_AWAY,
    WORKERS_PAUSED,
    WORKERS_QUARANTINED,
    ALL_SLOTS_BUSY,
    AVOIDING_WORKER,
    BACKOFF,
    SHELVED,
    STARTING;

    /** As it stands in JSON: {@code all_slots_busy}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
