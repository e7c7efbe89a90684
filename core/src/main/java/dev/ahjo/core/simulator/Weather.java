package dev.ahjo.core.simulator;

/**
 * How bad a history's weather is, each in per mille.
 *
 * @param loss messages that never arrive
 * @param doubling messages that arrive twice
 * @param delay messages that arrive so late that others overtake them
 * @param crash facts after which their entity dies, before it could answer; it comes back by itself
 * @param sleep those among the crashes of an entity that others hold, after which it only comes
 *     back when it is spoken to, as when its node has left the cluster
 */
public record Weather(int loss, int doubling, int delay, int crash, int sleep) {
  public static final Weather CALM = new Weather(0, 0, 0, 0, 0);
  public static final Weather RAIN = new Weather(20, 20, 50, 5, 0);
  public static final Weather STORM = new Weather(80, 60, 150, 30, 300);
}
