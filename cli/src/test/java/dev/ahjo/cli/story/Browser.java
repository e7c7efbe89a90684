package dev.ahjo.cli.story;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.SessionNotCreatedException;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Chromium without a screen, as one reader of the pages. */
final class Browser implements AutoCloseable {
  /** Says of every browser newer than itself that it does not know its developer tools. */
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Opens one, or tells loudly that {@code what} is not tested here, and skips the test. */
  static Browser open(Path profile, String what) {
    Optional<Path> browser = inPath("chromium", "chromium-browser", "google-chrome");
    Optional<Path> driver = inPath("chromedriver");
    if (browser.isEmpty() || driver.isEmpty()) {
      throw missed(what, "lacks " + (browser.isEmpty() ? "chromium" : "chromedriver"));
    }
    SELENIUM.setLevel(Level.SEVERE);
    var told = new LoggingPreferences();
    told.enable(LogType.BROWSER, Level.ALL);
    var options = new ChromeOptions();
    options.setBinary(browser.get().toFile());
    options.setCapability("goog:loggingPrefs", told);
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,800",
        "--user-data-dir=" + profile);
    var service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(driver.get().toFile())
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    try {
      return new Browser(new ChromeDriver(service, options));
    } catch (SessionNotCreatedException unable) {
      throw missed(what, "can't start its chromium: " + unable.getRawMessage());
    }
  }

  private static RuntimeException missed(String what, String why) {
    String loud =
        "NOT TESTED: " + what + ", since this system " + why.lines().findFirst().orElse("");
    System.out.println(loud);
    return Assumptions.abort(loud);
  }

  private static Optional<Path> inPath(String... names) {
    List<Path> folders =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .filter(folder -> !folder.isBlank())
            .map(Path::of)
            .toList();
    return Stream.of(names)
        .flatMap(name -> folders.stream().map(folder -> folder.resolve(name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Goes to a page, and leaves a mark there that a reload would take away. */
  void go(String url) {
    driver.get(url);
    driver.executeScript("window.neverLoadedAgain = true;");
  }

  boolean neverLoadedAgain() {
    return Boolean.TRUE.equals(driver.executeScript("return window.neverLoadedAgain === true;"));
  }

  /** The text of the first element that {@code selector} finds, whether it is seen or not. */
  String text(String selector) {
    return string("return document.querySelector(arguments[0])?.textContent ?? '';", selector);
  }

  boolean shows(String selector) {
    return Boolean.TRUE.equals(
        driver.executeScript(
            "return document.querySelector(arguments[0])?.checkVisibility() ?? false;", selector));
  }

  long count(String selector) {
    return Objects.requireNonNull(
        (Long)
            driver.executeScript(
                "return document.querySelectorAll(arguments[0]).length;", selector));
  }

  /** What a script says, as text. */
  String string(String script, Object... arguments) {
    return String.valueOf(driver.executeScript(script, arguments));
  }

  void click(String selector) {
    driver.findElement(By.cssSelector(selector)).click();
  }

  void press(String selector, Keys key) {
    driver.findElement(By.cssSelector(selector)).sendKeys(key);
  }

  /** What scripts did wrong or wanted to do and may not, since the last time this was asked. */
  List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(LogEntry::getMessage)
        .filter(said -> said.contains("Uncaught") || said.contains("Security Policy"))
        .toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
