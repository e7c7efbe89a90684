package dev.ahjo.http.status;

import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Traffic;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The node's readings in Prometheus' text format. */
final class Metrics {
  private final StringBuilder text = new StringBuilder();

  static String text(StatusStore status, EventHub hub, Traffic traffic, NodeDoor node) {
    var metrics = new Metrics();
    metrics.process();
    metrics.farm(status, hub);
    metrics.traffic(traffic);
    for (NodeDoor.Reading r : node.readings()) {
      metrics.head(r.name(), r.type(), r.help()).value(r.name(), "", r.value());
    }
    return metrics.text.toString();
  }

  private void process() {
    var os = ManagementFactory.getOperatingSystemMXBean();
    if (os instanceof com.sun.management.OperatingSystemMXBean own) {
      head("process_cpu_seconds_total", "counter", "CPU time of the node, user and system")
          .value("process_cpu_seconds_total", "", own.getProcessCpuTime() / 1e9);
    }
    if (os instanceof com.sun.management.UnixOperatingSystemMXBean unix) {
      head("process_open_fds", "gauge", "Open file descriptors")
          .value("process_open_fds", "", unix.getOpenFileDescriptorCount());
    }
    head("process_start_time_seconds", "gauge", "When the node started, since the epoch")
        .value(
            "process_start_time_seconds",
            "",
            ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
    resident();
    var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    head("jvm_memory_used_bytes", "gauge", "Heap in use")
        .value("jvm_memory_used_bytes", "{area=\"heap\"}", heap.getUsed());
    head("jvm_memory_max_bytes", "gauge", "Heap at most")
        .value("jvm_memory_max_bytes", "{area=\"heap\"}", heap.getMax());
    head("jvm_threads_current", "gauge", "Platform threads")
        .value("jvm_threads_current", "", ManagementFactory.getThreadMXBean().getThreadCount());
    double collected = 0;
    for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      collected += Math.max(0, collector.getCollectionTime()) / 1e3;
    }
    head("jvm_gc_collection_seconds_total", "counter", "Time spent collecting garbage")
        .value("jvm_gc_collection_seconds_total", "", collected);
  }

  /** Only Linux tells it; elsewhere the reading is left out. */
  private void resident() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          double kilobytes = Double.parseDouble(line.replaceAll("[^0-9]", ""));
          head("process_resident_memory_bytes", "gauge", "Resident memory of the node")
              .value("process_resident_memory_bytes", "", kilobytes * 1024);
        }
      }
    } catch (IOException notLinux) {
      // the other readings stand without it
    }
  }

  private void farm(StatusStore status, EventHub hub) {
    head("ahjo_builds_finished_total", "counter", "Builds finished since the node started");
    hub.finished()
        .forEach((result, count) ->
            value("ahjo_builds_finished_total", "{result=\"" + result.label() + "\"}", count));
    head("ahjo_requests", "gauge", "Build requests by state");
    status
        .requestCounts()
        .forEach((state, count) -> value("ahjo_requests", "{state=\"" + state + "\"}", count));
    var progress = status.progress();
    head("ahjo_projection_lag", "gauge", "Facts in the journal that the read tables lack")
        .value("ahjo_projection_lag", "", Math.max(0, progress.journal() - progress.applied()));
    head("ahjo_event_streams", "gauge", "Open streams of server-sent events")
        .value("ahjo_event_streams", "", hub.readers());
  }

  private void traffic(Traffic traffic) {
    var counts = traffic.counts();
    head("ahjo_http_requests_total", "counter", "Requests answered");
    counts.forEach(c -> value("ahjo_http_requests_total", labels(c), c.answers()));
    head("ahjo_http_request_seconds_total", "counter", "Time until the answers began");
    counts.forEach(c -> value("ahjo_http_request_seconds_total", labels(c), c.nanos() / 1e9));
  }

  private static String labels(Traffic.Count c) {
    return "{method=\"%s\",route=\"%s\",status=\"%d\"}"
        .formatted(c.line().method(), c.line().route(), c.line().status());
  }

  private Metrics head(String name, String type, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    return this;
  }

  private void value(String name, String labels, double value) {
    text.append(name).append(labels).append(' ');
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      text.append((long) value);
    } else {
      text.append(String.format(Locale.ROOT, "%.6f", value));
    }
    text.append('\n');
  }
}
