package dev.ahjo.persistence.log;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore.Subscription;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells those who follow a stream in this process. */
public final class Followers implements Growth {
  private static final Logger LOG = LoggerFactory.getLogger(Followers.class);

  private final Map<StreamKey, CopyOnWriteArrayList<Runnable>> followers =
      new ConcurrentHashMap<>();

  @Override
  public Subscription follow(StreamKey stream, Runnable grown) {
    followers.compute(
        stream,
        (key, list) -> {
          var now = list == null ? new CopyOnWriteArrayList<Runnable>() : list;
          now.add(grown);
          return now;
        });
    return () ->
        followers.computeIfPresent(
            stream,
            (key, list) -> {
              list.remove(grown);
              return list.isEmpty() ? null : list;
            });
  }

  @Override
  public void grown(StreamKey stream) {
    List<Runnable> list = followers.get(stream);
    if (list != null) {
      for (Runnable follower : list) {
        try {
          follower.run();
        } catch (RuntimeException bug) {
          // A reader's mistake is no reason to answer its agent that nothing was stored.
          LOG.error("A follower of {} failed", stream, bug);
        }
      }
    }
  }
}
