package dev.ahjo.core.id;

/** One request's n-th try, counted from 1: the fence between a build and those it superseded. */
public record Attempt(RequestId request, int number) implements Comparable<Attempt> {
  public Attempt {
    if (number < 1) {
      throw new IllegalArgumentException("Expected an attempt number from 1, but found " + number);
    }
  }

  /**
   * @throws IllegalArgumentException when {@code text} is not {@code request~number}
   */
  public static Attempt parse(String text) {
    int tilde = text.lastIndexOf('~');
    try {
      if (tilde > 0) {
        return new Attempt(
            new RequestId(text.substring(0, tilde)), Integer.parseInt(text.substring(tilde + 1)));
      }
    } catch (NumberFormatException notANumber) {
      // told below, with the whole text
    }
    throw new IllegalArgumentException("Expected request~number, but found '" + text + "'");
  }

  @Override
  public int compareTo(Attempt other) {
    int byRequest = request.compareTo(other.request);
    return byRequest != 0 ? byRequest : Integer.compare(number, other.number);
  }

  @Override
  public String toString() {
    return request + "~" + number;
  }
}
