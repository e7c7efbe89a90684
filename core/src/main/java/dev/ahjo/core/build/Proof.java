package dev.ahjo.core.build;

/** What the end of a build says of its worker's health. */
public enum Proof {
  /** It ran to its end: the worker works. */
  GOOD,
  /** It was lost through the worker or its agent. */
  FAULT,
  /** It was stopped, never began, or met a rule of its project: nothing. */
  NEITHER
}
