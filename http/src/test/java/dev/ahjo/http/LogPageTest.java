package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page's live log, run by node.js with a node that comes and goes. */
@Tag("processes")
@Timeout(60)
class LogPageTest {
  /**
   * In their order: what is there, a connection that breaks, nobody, a node not ready, the rest.
   */
  private static final String API =
      """
      const answers = [
        () => ({ ok: true, status: 206, headers: new Map([['Content-Range', 'bytes 0-3/4']]),
                 arrayBuffer: async () => new TextEncoder().encode('one\\n') }),
        () => ({ ok: true, status: 206, body: stream(['two\\n'], new TypeError('network error')) }),
        () => { throw new TypeError('Failed to fetch'); },
        () => ({ ok: false, status: 503 }),
        () => ({ ok: false, status: 404 }),
        () => ({ ok: true, status: 206, body: stream(['three\\n']) }),
      ];
      function stream(texts, end) {
        return { getReader: () => ({ read: async () => {
          if (texts.length) return { done: false, value: new TextEncoder().encode(texts.shift()) };
          if (end) throw end;
          return { done: true };
        } }) };
      }
      export const asked = [];
      export const get = async () => ({ items: [{ name: 'stdio', size: 14, complete: true }] });
      export const pause = () => 1;
      export const later = ms => new Promise(r => setTimeout(r, ms));
      export const seen = async () => {};
      export const whileSeen = () => ({ signal: new AbortController().signal, close() {} });
      export async function bytes(path, range) {
        asked.push(range);
        if (!answers.length) throw new Error('asked too often');
        return answers.shift()();
      }
      """;

  private static final String MAIN =
      """
      class Element {
        text = '';
        set textContent(text) { this.text = text; }
        append(text) { this.text += text; }
      }
      globalThis.document = { createElement: () => new Element() };
      globalThis.ResizeObserver = class { observe() {} };
      const shown = [];
      const pre = {
        childNodes: shown, addEventListener() {}, scrollHeight: 0,
        replaceChildren() { shown.length = 0; }, append(node) { shown.push(node); },
      };
      const { Log } = await import('./log.js');
      const { asked } = await import('./api.js');
      const log = new Log(pre, {}, { checked: false, addEventListener() {} });
      await log.show('/logs/stdio', true);
      console.log(shown.map(node => node.text).join('') + asked.slice(1).join(' '));
      """;

  @TempDir Path folder;

  @Test
  void goesOnWhereItBrokeWhenTheNodeComesBack() throws Exception {
    Files.writeString(folder.resolve("package.json"), "{\"type\": \"module\"}");
    String log = resource("ui/log.js");
    assertThat(log).contains("const PAUSE = 1000;");
    Files.writeString(
        folder.resolve("log.js"), log.replace("const PAUSE = 1000;", "const PAUSE = 1;"));
    Files.writeString(
        folder.resolve("ansi.js"),
        "export class Ansi { write(text, into) { into.append(text); } }");
    Files.writeString(folder.resolve("show.js"), resource("ui/show.js"));
    Files.writeString(folder.resolve("api.js"), API);
    Files.writeString(folder.resolve("main.js"), MAIN);

    Process node;
    try {
      node =
          new ProcessBuilder("node", "main.js")
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .start();
    } catch (IOException none) {
      String loud = "NOT TESTED for lack of node.js: that the page's live log survives a restart";
      System.err.println(loud);
      Assumptions.abort(loud);
      return;
    }
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said).isEqualTo("one\ntwo\nthree\nbytes=4- bytes=8- bytes=8- bytes=8- bytes=8-\n");
    assertThat(node.waitFor()).isZero();
  }

  private static String resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(HttpServer.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
