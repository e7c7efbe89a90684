package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Condition.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads an {@code if:} by recursive descent.
 *
 * <pre>
 * either  = both { ("or" | "||") both }
 * both    = single { ("and" | "&amp;&amp;") single }
 * single  = ("not" | "!") single | "(" either ")" | operand [ ("==" | "!=" | "=~") operand ]
 * operand = name | quoted text | number | "true" | "false"
 * </pre>
 */
final class ConditionParser {
  private static final int MAX_LENGTH = 2000;
  private static final int MAX_DEPTH = 50;

  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:(?<quoted>\"[^\"]*\"|'[^']*')"
              + "|(?<name>[A-Za-z_][A-Za-z0-9_+-]*+(?:\\.[A-Za-z0-9_][A-Za-z0-9_+-]*+)*+)"
              + "|(?<number>-?[0-9]++(?:\\.[0-9]++)*+)"
              + "|(?<sign>==|!=|=~|&&|\\|\\||!|\\(|\\)))");

  private enum Kind {
    TEXT,
    NAME,
    SIGN,
    END
  }

  private record Token(Kind kind, String text, int index) {
    boolean is(String... words) {
      return (kind == Kind.SIGN || kind == Kind.NAME) && List.of(words).contains(text);
    }

    String shown() {
      return kind == Kind.END ? "the end" : Shown.quoted(text);
    }
  }

  /**
   * Carries one syntax error from where it is seen to where it is told; never leaves this class.
   */
  private static final class Unexpected extends Exception {
    private static final long serialVersionUID = 1;
    private final int index;

    Unexpected(int index, String message) {
      super(message, null, false, false);
      this.index = index;
    }
  }

  private final List<Token> tokens;
  private final List<Token> names = new ArrayList<>();
  private int at;
  private int depth;

  private ConditionParser(List<Token> tokens) {
    this.tokens = tokens;
  }

  /** The condition; every name in it is handed to {@code uses}. */
  static Optional<Condition> parse(Value value, Consumer<Use> uses) {
    Optional<String> text = value.text("a condition", t -> t.length() <= MAX_LENGTH);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      var parser = new ConditionParser(tokens(text.get()));
      Condition condition = parser.either();
      Token rest = parser.peek();
      if (rest.kind != Kind.END) {
        throw new Unexpected(
            rest.index, "expected and, or, a comparison or the end, but found " + rest.shown());
      }
      parser.names.forEach(name -> uses.accept(new Use(value, name.index, name.text)));
      return Optional.of(condition);
    } catch (Unexpected e) {
      value.error(e.index, value.label() + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  private static List<Token> tokens(String text) throws Unexpected {
    List<Token> tokens = new ArrayList<>();
    Matcher m = TOKEN.matcher(text);
    int from = 0;
    int end = text.stripTrailing().length();
    while (from < end) {
      m.region(from, end);
      if (!m.lookingAt()) {
        int skip = from;
        while (Character.isWhitespace(text.charAt(skip))) {
          skip++;
        }
        throw unreadable(text, skip);
      }
      if (m.group("quoted") != null) {
        String quoted = m.group("quoted");
        tokens.add(
            new Token(Kind.TEXT, quoted.substring(1, quoted.length() - 1), m.start("quoted")));
      } else if (m.group("number") != null) {
        tokens.add(new Token(Kind.TEXT, m.group("number"), m.start("number")));
      } else if (m.group("name") != null) {
        tokens.add(new Token(Kind.NAME, m.group("name"), m.start("name")));
      } else {
        tokens.add(new Token(Kind.SIGN, m.group("sign"), m.start("sign")));
      }
      from = m.end();
    }
    tokens.add(new Token(Kind.END, "", end));
    return tokens;
  }

  private static Unexpected unreadable(String text, int at) {
    char c = text.charAt(at);
    if (c == '"' || c == '\'') {
      return new Unexpected(at, "expected a closing " + c + ", but found the end");
    }
    if (c == '=') {
      return new Unexpected(at, "expected == or =~, but found '='");
    }
    if (c == '&' || c == '|') {
      return new Unexpected(at, "expected " + c + c + ", but found '" + c + "'");
    }
    if (c == '$') {
      return new Unexpected(at, "expected a name without ${…}, but found '$'");
    }
    String found = Shown.quoted(text.substring(at, text.offsetByCodePoints(at, 1)));
    return new Unexpected(at, "expected a name, quoted text or an operator, but found " + found);
  }

  private Token peek() {
    return tokens.get(at);
  }

  private Token next() {
    Token token = tokens.get(at);
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  private Condition either() throws Unexpected {
    List<Condition> parts = new ArrayList<>();
    parts.add(both());
    while (peek().is("or", "||")) {
      next();
      parts.add(both());
    }
    return parts.size() == 1 ? parts.getFirst() : new Condition.Any(parts);
  }

  private Condition both() throws Unexpected {
    List<Condition> parts = new ArrayList<>();
    parts.add(single());
    while (peek().is("and", "&&")) {
      next();
      parts.add(single());
    }
    return parts.size() == 1 ? parts.getFirst() : new Condition.All(parts);
  }

  private Condition single() throws Unexpected {
    if (++depth > MAX_DEPTH) {
      throw new Unexpected(peek().index, "expected at most " + MAX_DEPTH + " levels");
    }
    Condition condition = nested();
    depth--;
    return condition;
  }

  private Condition nested() throws Unexpected {
    if (peek().is("not", "!")) {
      next();
      return new Condition.Not(single());
    }
    if (peek().is("(")) {
      next();
      Condition inner = either();
      Token close = next();
      if (!close.is(")")) {
        throw new Unexpected(close.index, "expected ), but found " + close.shown());
      }
      return inner;
    }
    return comparison();
  }

  private Condition comparison() throws Unexpected {
    Operand left = operand();
    if (peek().is("==")) {
      next();
      return new Condition.Equal(left, operand());
    }
    if (peek().is("!=")) {
      next();
      return new Condition.Not(new Condition.Equal(left, operand()));
    }
    if (peek().is("=~")) {
      next();
      Token glob = next();
      if (glob.kind != Kind.TEXT) {
        throw new Unexpected(
            glob.index, "expected a glob in quotes after =~, but found " + glob.shown());
      }
      return new Condition.Matches(left, glob.text);
    }
    return new Condition.Truthy(left);
  }

  private Operand operand() throws Unexpected {
    Token token = next();
    if (token.kind == Kind.TEXT) {
      return new Operand.Text(token.text);
    }
    if (token.kind == Kind.NAME && !token.is("and", "or", "not")) {
      if (token.is("true", "false")) {
        return new Operand.Text(token.text);
      }
      names.add(token);
      return new Operand.Name(token.text);
    }
    throw new Unexpected(token.index, "expected a name or quoted text, but found " + token.shown());
  }
}
