package dev.ahjo.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * Asks again while the node is away, such as during its restart: says so once when it is lost and
 * once when it is back, and gives up after a limit.
 */
public final class Patience {
  /** How long a node may be away before what follows it gives up. */
  public static final Duration LIMIT = Duration.ofMinutes(10);

  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofSeconds(2);

  private final Console console;
  private final Duration limit;
  private boolean lost;

  public Patience(Console console, Duration limit) {
    this.console = console;
    this.limit = limit;
  }

  /**
   * The answer of {@code call}, however often it takes.
   *
   * @throws Unreachable when the node stayed away for longer than the limit
   */
  public <T> T insist(Supplier<T> call) {
    Instant deadline = console.now().plus(limit);
    Duration pause = FIRST;
    while (true) {
      try {
        T answer = call.get();
        back();
        return answer;
      } catch (Unreachable away) {
        gone();
        if (console.now().isAfter(deadline)) {
          throw away;
        }
      } catch (Problem starting) {
        if (starting.status() != 503 || console.now().isAfter(deadline)) {
          throw starting;
        }
        gone();
      }
      sleep(pause);
      pause = pause.multipliedBy(2).compareTo(LONGEST) < 0 ? pause.multipliedBy(2) : LONGEST;
    }
  }

  /** The node is known to be away, though no call of ours has failed: a stream of it broke. */
  public synchronized void gone() {
    if (!lost) {
      lost = true;
      console.note("ahjo: lost the node; trying to reach it again");
    }
  }

  private synchronized void back() {
    if (lost) {
      lost = false;
      console.note("ahjo: the node is back");
    }
  }

  /** Waits; an interrupt ends the command. */
  public static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new CommandFailed(Exit.CANCELLED, "Interrupted", stopped);
    }
  }
}
