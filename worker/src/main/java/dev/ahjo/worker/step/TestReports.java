package dev.ahjo.worker.step;

import dev.ahjo.core.step.StepReport.Tests;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** Sums of JUnit XML files. */
public final class TestReports {
  /** Failures that are kept by name. */
  public static final int FAILURES = 100;

  private static final int FILES = 10_000;
  private static final int NAME = 200;
  private static final XMLInputFactory XML = factory();

  private TestReports() {}

  /**
   * What was found.
   *
   * @param tests empty if no file matched
   * @param unreadable what is wrong with the first file that is no JUnit report
   */
  public record Found(Optional<Tests> tests, Optional<String> unreadable) {}

  /**
   * Reads the reports that match {@code glob} and are not older than {@code since}: an earlier
   * build's, left in the folder, do not count.
   *
   * @throws IOException when the folder can't be read
   */
  public static Found read(Path folder, String glob, Instant since) throws IOException {
    var sum = new Sum();
    Optional<String> unreadable = Optional.empty();
    boolean any = false;
    for (Path file : PathGlob.of(glob).files(folder, FILES)) {
      if (Files.getLastModifiedTime(file).toInstant().isBefore(since)) {
        continue;
      }
      try (InputStream in = Files.newInputStream(file)) {
        any |= sum.add(in);
      } catch (XMLStreamException | IOException e) {
        if (unreadable.isEmpty()) {
          unreadable =
              Optional.of(
                  "Could not read the test report "
                      + PathGlob.name(folder, file)
                      + ": "
                      + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
      }
    }
    return new Found(any ? Optional.of(sum.tests()) : Optional.empty(), unreadable);
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setXMLResolver((publicId, systemId, base, namespace) -> InputStream.nullInputStream());
    return factory;
  }

  private static final class Sum {
    private int passed;
    private int failed;
    private int skipped;
    private final List<String> failures = new ArrayList<>();

    /** Answers whether it is a JUnit report at all. */
    boolean add(InputStream in) throws XMLStreamException {
      XMLStreamReader reader;
      synchronized (XML) {
        reader = XML.createXMLStreamReader(in);
      }
      boolean report = false;
      String test = null;
      String ending = "";
      while (reader.hasNext()) {
        int event = reader.next();
        if (event == XMLStreamConstants.START_ELEMENT) {
          switch (reader.getLocalName()) {
            case "testsuite", "testsuites" -> report = true;
            case "testcase" -> {
              test = name(reader);
              ending = "";
            }
            case "failure", "error" -> ending = "failed";
            case "skipped" -> ending = ending.isEmpty() ? "skipped" : ending;
            default -> {}
          }
        } else if (event == XMLStreamConstants.END_ELEMENT
            && reader.getLocalName().equals("testcase")
            && test != null) {
          count(test, ending);
          test = null;
        }
      }
      return report;
    }

    private void count(String test, String ending) {
      switch (ending) {
        case "failed" -> {
          failed++;
          if (failures.size() < FAILURES) {
            failures.add(test);
          }
        }
        case "skipped" -> skipped++;
        default -> passed++;
      }
    }

    private static String name(XMLStreamReader test) {
      String group = test.getAttributeValue(null, "classname");
      String name = test.getAttributeValue(null, "name");
      String whole =
          (group == null || group.isEmpty() ? "" : group + ".") + (name == null ? "?" : name);
      return whole.length() <= NAME ? whole : whole.substring(0, NAME);
    }

    Tests tests() {
      return new Tests(passed, failed, skipped, failures);
    }
  }
}
