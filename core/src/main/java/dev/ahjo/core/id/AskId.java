package dev.ahjo.core.id;

/** One thing that somebody has asked for, however often it is said on its way; never reused. */
public record AskId(String value) {
  public AskId {
    Names.require("ask id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
