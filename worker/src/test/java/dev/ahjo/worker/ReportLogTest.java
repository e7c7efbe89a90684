package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.project.Result;
import dev.ahjo.core.step.StepReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportLogTest {
  private static final StepReport FIRST = new StepReport.PlanKept(Instant.ofEpochSecond(1));
  private static final StepReport SECOND = new StepReport.StepStarted(Instant.ofEpochSecond(2), 0);

  @TempDir Path folder;

  private Path with(StepReport... reports) throws Exception {
    Path file = folder.resolve("reports");
    var forced = new Semaphore(0);
    try (ReportLog log = ReportLog.open(file, forced::release)) {
      for (StepReport report : reports) {
        log.append(report);
      }
      // in one batch or in several
      while (log.last() < reports.length) {
        assertThat(forced.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      }
    }
    return file;
  }

  @Test
  void isReadAgainAsItWasWritten() throws Exception {
    Path file = with(FIRST, SECOND);

    try (ReportLog again = ReportLog.open(file, () -> {})) {
      assertThat(again.all()).containsExactly(FIRST, SECOND);
      assertThat(again.last()).isEqualTo(2);
      assertThat(again.after(1)).containsExactly(SECOND);
    }
  }

  @Test
  void aLineThatACrashCutOffIsNoReport() throws Exception {
    Path file = with(FIRST);
    long whole = Files.size(file);
    Files.writeString(file, "{\"type\":\"StepSta", StandardOpenOption.APPEND);

    try (ReportLog again = ReportLog.open(file, () -> {})) {
      assertThat(again.all()).containsExactly(FIRST);
    }
    assertThat(Files.size(file)).isEqualTo(whole);
  }

  @Test
  void aLineThatIsNoReportIsNamed() throws Exception {
    Path file = with(FIRST);
    Files.writeString(file, "nonsense\n", StandardOpenOption.APPEND);

    assertThatThrownBy(() -> ReportLog.open(file, () -> {}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 2 of " + file);
  }

  @Test
  void anEndTooLongForAMessageIsToldShort() throws Exception {
    var names = new ArrayList<StepReport.Stream>();
    names.add(new StepReport.Stream("stdio", false, 4));
    for (int i = 0; i < 1000; i++) {
      names.add(new StepReport.Stream("木".repeat(245) + i, true, 1));
    }
    var told =
        (StepReport.StepEnded)
            ReportLog.bounded(
                new StepReport.StepEnded(Instant.ofEpochSecond(3), 0, StepRun.success(names)));

    assertThat(told.outcome().result()).isEqualTo(Result.EXCEPTION);
    assertThat(told.outcome().streams()).containsExactly(names.getFirst());
    assertThat(told.outcome().problem())
        .hasValueSatisfying(p -> assertThat(p).contains("1001 logs and artifacts"));

    var wordy =
        (StepReport.StepEnded)
            ReportLog.bounded(
                new StepReport.StepEnded(
                    Instant.ofEpochSecond(3),
                    0,
                    StepRun.ended(Result.FAILURE, "x".repeat(600_000))));
    assertThat(wordy.outcome().result()).isEqualTo(Result.FAILURE);
    assertThat(wordy.outcome().problem().orElseThrow()).hasSize(4001);
  }

  @Test
  void aDataFolderOfAnotherVersionIsLeftAlone() throws Exception {
    DataFolder.open(folder).close();
    Files.writeString(folder.resolve("version"), "9\n");

    assertThatThrownBy(() -> DataFolder.open(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("but found 9");
  }
}
