package dev.ahjo.persistence.journal;

/**
 * One record of a journal: the facts of one decision of one entity, as bytes.
 *
 * @param sequenceNr counts an entity's records from 1, without gaps
 * @param writer the incarnation of the entity that wrote it
 * @param written when, in milliseconds since 1970
 * @param adapter the manifest of Pekko's event adapter, empty without one
 * @param serializer the identifier of the serializer of {@code payload}
 * @param manifest what the serializer needs to read {@code payload}
 */
public record Row(
    String persistenceId,
    long sequenceNr,
    String writer,
    long written,
    String adapter,
    int serializer,
    String manifest,
    byte[] payload) {}
