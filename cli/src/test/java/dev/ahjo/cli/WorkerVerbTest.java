package dev.ahjo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cli.Shell.Said;
import dev.ahjo.worker.Bind;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerVerbTest {
  private final Shell shell = new Shell(URI.create("http://localhost:1"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--join x              --name w --token t           | --join: expected pekko://HOST:PORT,"
            + " ws://HOST:PORT or wss://HOST:PORT, but found 'x'",
        "--join http://h:1     --name w --token t           | --join: expected pekko://HOST:PORT",
        "--join pekko://h,x    --name w --token t           | but found 'x'",
        "--join wss:h          --name w --token t           | but found 'wss:h'",
        "--join [::1]:1,[::1   --name w --token t           | but found '[::1'",
        "--join pekko://h:1    --name w!x --token t         | Expected a worker name",
        "--join pekko://h:1    --name w --token t --slots 0 | --slots: expected at least 1",
        "--join pekko://h:1    --name w                     | Expected a token",
        "--join pekko://h:1    --name w --token-file /nope  | --token-file: could not read /nope",
        "--join pekko://192.0.2.1:1 --name w --token t | --bind: expected an address of this"
            + " machine that pekko://192.0.2.1:1 can dial back, but found 127.0.0.1",
        "--join pekko://h:1 --name w --token t --bind 203.0.113.7 | --bind: expected an address of"
            + " this machine, but found '203.0.113.7'",
        "--join pekko://h:1 --name w --token t --bind ::1:8013 | --bind: expected HOST or"
            + " HOST:PORT, an IPv6 address in brackets, but found '::1:8013'",
        "--join pekko://h:1 --name w --token t --bind h:65536 | --bind: expected HOST or HOST:PORT",
        "--join pekko://192.0.2.1:1 --name w --token t --bind 127.0.1.1 | can dial back, but found"
            + " 127.0.1.1 (as this machine's name stands in its /etc/hosts)",
        "--join pekko://h:1    --token t                    | --name",
      })
  void eachMistakeIsNamed(String arguments, String problem) {
    Said said = shell.ahjo(("worker " + arguments).trim().split("\\s+"));

    assertThat(said.err()).startsWith("ahjo: ").contains(problem);
    assertThat(said.exit()).isEqualTo(2);
  }

  @Test
  void aPortThatAnotherHasIsNoMistake() throws Exception {
    try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String bind = "127.0.0.1:" + other.getLocalPort();
      Said said =
          shell.ahjo(
              "worker",
              "--join",
              "pekko://127.0.0.1:1",
              "--name",
              "w",
              "--token",
              "t",
              "--bind",
              bind);
      assertThat(said.err()).contains("--bind: can't listen at " + bind);
      assertThat(said.exit()).as("to be started again").isEqualTo(4);
    }
  }

  @Test
  void theWayBackIsReadAsPeopleWriteIt() {
    assertThat(Bind.parse("10.0.0.31")).isEqualTo(new Bind("10.0.0.31", 0));
    assertThat(Bind.parse("w1.example.org:8013")).isEqualTo(new Bind("w1.example.org", 8013));
    assertThat(Bind.parse("[fd00::1]:8013")).isEqualTo(new Bind("[fd00::1]", 8013));
    assertThat(Bind.parse("[::1]")).hasToString("[::1]");
  }
}
