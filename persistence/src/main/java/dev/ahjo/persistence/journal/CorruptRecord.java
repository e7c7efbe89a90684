package dev.ahjo.persistence.journal;

/** A record of the journal that can't be read. It stays as it is, and its entity does not start. */
public final class CorruptRecord extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final String persistenceId;
  private final long sequenceNr;

  public CorruptRecord(String persistenceId, long sequenceNr, Throwable cause) {
    super(
        "The journal's record %s #%d can't be read: %s"
            .formatted(persistenceId, sequenceNr, cause.getMessage()),
        cause);
    this.persistenceId = persistenceId;
    this.sequenceNr = sequenceNr;
  }

  public String persistenceId() {
    return persistenceId;
  }

  public long sequenceNr() {
    return sequenceNr;
  }
}
