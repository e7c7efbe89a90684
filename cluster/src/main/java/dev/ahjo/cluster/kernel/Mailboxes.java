package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.EntityRef;

/**
 * The way to every entity's mailbox, wherever it is. Mail may be lost; who posts it sees to that.
 */
@FunctionalInterface
public interface Mailboxes {
  void post(EntityRef to, Mail mail);
}
