package dev.ahjo.cluster.membership;

/** What nodes say to each other about their cluster. Places are {@code HOST:PORT}. */
sealed interface Word {
  /**
   * Are you a member? And if there is no cluster yet: may I form it?
   *
   * @param host and {@code port}: who asks, and where the answer goes
   * @param candidate whether a vote is asked for
   */
  record Ask(String host, int port, long round, boolean candidate) implements Word {}

  /**
   * @param member whether there is a cluster that can be joined through the speaker
   * @param leaving whether the speaker is on its way out of one
   * @param vote whether the asker has the speaker's vote in that round
   */
  record Reply(String host, int port, long round, boolean member, boolean leaving, boolean vote)
      implements Word {}

  /**
   * Are you called so, or do you know a member who is? It is passed on to that one.
   *
   * @param host and {@code port}: who asks, and where the answers go
   */
  record WhoIs(String name, String host, int port) implements Word {}

  /**
   * I am called so.
   *
   * @param member whether the speaker is in a cluster already
   */
  record IAm(String name, String host, int port, boolean member) implements Word {}

  /**
   * I am not.
   *
   * @param member whether the speaker knows the members of a cluster, being one
   * @param passedOn whether one of those is called so, and was asked
   */
  record NotI(String host, int port, boolean member, boolean passedOn) implements Word {}

  /**
   * Do you hear me?
   *
   * @param from the number of the calling node's life
   * @param at by the caller's own clock, which nobody else reads
   */
  record Call(long from, long at) implements Word {}

  /**
   * I have heard what you called then.
   *
   * @param from the number of the life of the node that heard
   */
  record Echo(long from, long at) implements Word {}
}
