package dev.ahjo.cluster.worker;

import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol.ToAgent;
import java.util.List;

/**
 * What the desks of the nodes say to each other. Any letter may be lost. {@code from} is the
 * sending node's number, as its sessions carry it.
 */
sealed interface Letter extends SessionDesk.In {
  /** A worker's session, and the node that it is at by its id. */
  record Place(WorkerName worker, SessionId session) {}

  /** To the worker's directory: these have been welcomed at my gate. */
  record Here(long from, List<Place> places) implements Letter {}

  /** From the directory: I have noted these, which are mine to know. */
  record Noted(long from, List<Place> places) implements Letter {}

  /** To the directory: these are over. */
  record Over(List<Place> places) implements Letter {}

  /** From the directory: newer sessions have taken the place of these. */
  record Superseded(List<SessionId> sessions) implements Letter {}

  /** To the directory: for the worker, wherever it is; tell me when it comes if it is nowhere. */
  record Pass(long from, WorkerName worker, ToAgent message) implements Letter {}

  /** From the directory to the session's node. */
  record Hand(Place place, long directory, ToAgent message) implements Letter {}

  /** From the directory to who asked: the worker has come. */
  record Back(WorkerName worker) implements Letter {}

  /** To the node of these sessions: tell me when they end, at once if they are over. */
  record Watch(long from, List<SessionId> sessions) implements Letter {}

  /** To who watches: these are over. */
  record Gone(List<SessionId> sessions) implements Letter {}
}
