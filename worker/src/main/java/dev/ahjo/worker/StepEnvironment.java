package dev.ahjo.worker;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.step.Scope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A step's environment: nothing of the agent's own but what no program can do without. */
final class StepEnvironment {
  private static final List<String> INHERITED =
      List.of("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL");

  private static final List<String> INHERITED_ON_WINDOWS =
      List.of(
          "SystemRoot",
          "SystemDrive",
          "windir",
          "ComSpec",
          "PATHEXT",
          "TEMP",
          "TMP",
          "USERPROFILE",
          "USERNAME",
          "APPDATA",
          "LOCALAPPDATA",
          "ProgramData",
          "ProgramFiles",
          "ProgramFiles(x86)",
          "NUMBER_OF_PROCESSORS",
          "PROCESSOR_ARCHITECTURE");

  private StepEnvironment() {}

  /**
   * The agent's few, then the plan's, then the step's, then ours; later ones win. They see {@code
   * scope}.
   *
   * @throws Template.UnknownName when a value names what nobody knows
   */
  static Map<String, String> of(
      Map<String, String> agent,
      Map<String, Template> plan,
      Map<String, Template> step,
      Scope scope,
      BuildKey build,
      int index) {
    var env = new HashMap<String, String>();
    for (List<String> names : List.of(INHERITED, INHERITED_ON_WINDOWS)) {
      for (String name : names) {
        String value = agent.get(name);
        if (value != null) {
          env.put(name, value);
        }
      }
    }
    plan.forEach((name, value) -> env.put(name, value.fill(scope)));
    step.forEach((name, value) -> env.put(name, value.fill(scope)));
    env.put("CI", env.getOrDefault("CI", "true"));
    env.put("AHJO", "true");
    env.put("AHJO_PROJECT", build.builder().project().value());
    env.put("AHJO_BUILDER", build.builder().builder().value());
    env.put("AHJO_NUMBER", Long.toString(build.number()));
    env.put("AHJO_BUILD", build.toString());
    env.put("AHJO_STEP_INDEX", Integer.toString(index));
    env.put("AHJO_WORKER", scope.worker());
    env.put("AHJO_BRANCH", scope.apply("branch").orElse(""));
    env.put("AHJO_REVISION", scope.apply("revision").orElse(""));
    return env;
  }
}
