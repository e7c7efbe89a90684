package dev.ahjo.http.request;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.RequestView;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A build request as the API shows it, with its attempts. */
record RequestJson(
    String id,
    String project,
    String builder,
    String buildset,
    String state,
    Optional<String> result,
    Optional<String> detail,
    int priority,
    String reason,
    String by,
    String branch,
    List<String> needs,
    List<AttemptJson> attempts,
    Optional<WaitJson> waits,
    Instant submittedAt,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt,
    Optional<Instant> retryAt) {

  record AttemptJson(
      int number,
      BuildJson build,
      String worker,
      Optional<String> result,
      Optional<String> cause,
      Optional<String> rule,
      Optional<String> detail,
      Instant startedAt,
      Optional<Instant> finishedAt) {}

  record BuildJson(String project, String builder, long number) {
    static BuildJson of(BuildKey key) {
      return new BuildJson(
          key.builder().project().value(), key.builder().builder().value(), key.number());
    }
  }

  /** Why it waits, as far as the last decision about it tells, and since when. */
  record WaitJson(Instant at, String code, String detail) {
    static WaitJson of(RequestView.Wait wait) {
      return new WaitJson(wait.since(), wait.code(), wait.detail());
    }
  }

  static RequestJson of(RequestView v) {
    boolean waits =
        switch (v.state()) {
          case "blocked", "queued", "backoff", "shelved" -> !v.waits().isEmpty();
          default -> false;
        };
    return new RequestJson(
        v.id().value(),
        v.builder().project().value(),
        v.builder().builder().value(),
        v.buildset().value(),
        v.state(),
        v.result().map(Result::label),
        v.detail(),
        v.priority(),
        v.reason(),
        v.by(),
        v.branch(),
        v.needs().stream().map(RequestId::value).toList(),
        v.attempts().stream().map(RequestJson::attempt).toList(),
        waits ? Optional.of(WaitJson.of(v.waits().getLast())) : Optional.empty(),
        v.submittedAt(),
        v.startedAt(),
        v.finishedAt(),
        v.retryAt());
  }

  static AttemptJson attempt(RequestView.AttemptView a) {
    return new AttemptJson(
        a.number(),
        BuildJson.of(a.build()),
        a.worker().value(),
        a.result().map(Result::label),
        a.cause(),
        a.rule(),
        a.detail(),
        a.startedAt(),
        a.finishedAt());
  }
}
