package dev.ahjo.core.port;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import java.util.concurrent.CompletionStage;

/** The door to the entities, wherever in the cluster they live. */
public interface Entities {
  /**
   * Says {@code message} to {@code to}. The answer comes once its facts are on disk. Fails with a
   * timeout when the entity can't be reached: then the message may or may not have been obeyed, and
   * may be said again. Fails with {@link Broken} when the entity's journal is damaged, or it has a
   * bug.
   */
  CompletionStage<Answer> tell(EntityRef to, Message message);

  /** The entity's present state, of the type that its class names; its initial one if it is new. */
  CompletionStage<Object> state(EntityRef of);

  /**
   * An entity can't take a message now, and saying it again helps nothing: the text says why. What
   * was said first may still be obeyed once its journal has been mended.
   */
  final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;

    public Broken(String why) {
      super(why);
    }
  }

  /** What an entity made of a message. */
  sealed interface Answer {
    /** Obeyed; {@code changed} is false when it was already so. */
    record Done(boolean changed) implements Answer {}

    record Refused(Refusal why) implements Answer {}
  }
}
