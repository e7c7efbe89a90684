package dev.ahjo.core.property;

/** Names with stars: {@code *} stands for any run of characters, {@code ?} for one. */
public final class Glob {
  private Glob() {}

  /**
   * Whether all of {@code text} fits {@code glob}, in time linear in each (no backtracking
   * blow-up).
   */
  public static boolean matches(String glob, String text) {
    int g = 0;
    int t = 0;
    int star = -1;
    int mark = 0;
    while (t < text.length()) {
      if (g < glob.length()
          && (glob.charAt(g) == '?' || glob.charAt(g) == text.charAt(t))
          && glob.charAt(g) != '*') {
        g++;
        t++;
      } else if (g < glob.length() && glob.charAt(g) == '*') {
        star = g++;
        mark = t;
      } else if (star >= 0) {
        g = star + 1;
        t = ++mark;
      } else {
        return false;
      }
    }
    while (g < glob.length() && glob.charAt(g) == '*') {
      g++;
    }
    return g == glob.length();
  }
}
