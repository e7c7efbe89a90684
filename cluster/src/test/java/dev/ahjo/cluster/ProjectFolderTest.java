package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Farm;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.project.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folder of project files, while somebody works in it. */
class ProjectFolderTest {
  private static final String GOOD = "project: hello\nbuilders: {debian: {steps: [{run: make}]}}\n";

  @TempDir Path folder;

  /** Who takes down what it is told, and answers like a node that can't be reached at first. */
  private static final class Desk implements Entities {
    final List<Project.Command.Define> defined = new CopyOnWriteArrayList<>();
    final AtomicInteger away = new AtomicInteger();

    @Override
    public CompletionStage<Answer> tell(EntityRef to, Message message) {
      if (away.getAndDecrement() > 0) {
        return CompletableFuture.failedFuture(new TimeoutException("nobody there"));
      }
      defined.add((Project.Command.Define) message);
      return CompletableFuture.completedFuture(new Answer.Done(true));
    }

    @Override
    public CompletionStage<Object> state(EntityRef of) {
      long times =
          defined.stream().filter(d -> EntityRef.of(d.definition().name()).equals(of)).count();
      return CompletableFuture.completedFuture(
          defined.stream()
              .filter(each -> EntityRef.of(each.definition().name()).equals(of))
              .reduce((_, last) -> last)
              .<Object>map(last -> new Project.State.Defined(last.definition(), times))
              .orElseGet(() -> new Project.State.Absent(0)));
    }

    List<String> builders(int time) {
      return defined.get(time).definition().builders().stream()
          .map(builder -> builder.name().value())
          .toList();
    }
  }

  private ProjectFolder started(Desk desk, String store) {
    return ProjectFolder.watch(
        folder.resolve("projects"),
        new Farm(desk),
        Optional.of(AppliedFiles.kept(folder.resolve("data/applied"), store)),
        Duration.ofMillis(10));
  }

  /** What somebody defined since, by another node's folder or over HTTP, is not put back. */
  @Test
  void aNodeOfAFarmAppliesAtItsStartOnlyWhatHasChanged() throws IOException {
    var desk = new Desk();
    Files.createDirectories(folder.resolve("projects"));
    Path hello = folder.resolve("projects/hello.yaml");
    Files.writeString(hello, GOOD);
    try (var _ = started(desk, "farm")) {
      await("the project", () -> desk.defined.size() == 1);
      Path later = folder.resolve("projects/later.yaml");
      Files.writeString(later, GOOD.replace("hello", "later"));
      await("another, applied when the first was noted", () -> desk.defined.size() == 2);
      await("its note", () -> kept(folder.resolve("data/applied")).contains("later.yaml"));
    }
    try (var _ = started(desk, "farm")) {
      Files.writeString(folder.resolve("projects/new.yaml"), GOOD.replace("hello", "new"));
      await("the new one, which stands after them", () -> desk.defined.size() == 3);
      assertThat(desk.defined.get(2).definition().name().value()).isEqualTo("new");
      Files.writeString(hello, GOOD.replace("debian", "fedora"));
      await("the change", () -> desk.defined.size() == 4);
      assertThat(desk.builders(3)).containsExactly("fedora");
      await("its note", () -> kept(folder.resolve("data/applied")).contains("new.yaml"));
    }
    try (var _ = started(desk, "another farm")) {
      await("all of them", () -> desk.defined.size() == 7);
    }
    var restored = new Desk();
    try (var _ = started(restored, "another farm")) {
      await("all of them, in a store that has none", () -> restored.defined.size() == 3);
    }
  }

  private static String kept(Path memory) {
    try {
      return Files.exists(memory) ? Files.readString(memory) : "";
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static void await(String what, BooleanSupplier so) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(end);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  @Test
  void aValidChangeTakesEffectWholeAndAnInvalidOneNotAtAll() throws IOException {
    var desk = new Desk();
    desk.away.set(2);
    Path late = folder.resolve("projects");
    try (var _ =
        ProjectFolder.watch(late, new Farm(desk), Optional.empty(), Duration.ofMillis(10))) {
      Files.createDirectories(late);
      Files.writeString(late.resolve("hello.yaml"), GOOD);
      Files.writeString(late.resolve("README.txt"), "not a project");
      await("the project", () -> desk.defined.size() == 1);
      assertThat(desk.builders(0)).containsExactly("debian");

      Files.writeString(late.resolve("hello.yaml"), GOOD + "oops: [\n");
      Files.writeString(late.resolve("later.yaml"), GOOD.replace("hello", "later"));
      await("the other project", () -> desk.defined.size() == 2);
      assertThat(desk.defined.get(1).definition().name().value()).isEqualTo("later");

      Files.writeString(late.resolve("hello.yaml"), GOOD.replace("debian", "fedora"));
      await("the change", () -> desk.defined.size() == 3);
      assertThat(desk.builders(2)).containsExactly("fedora");
      assertThat(desk.defined.get(2).by()).isEqualTo("file hello.yaml");
    }
  }
}
