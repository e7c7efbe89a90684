package dev.ahjo.config.project;

import dev.ahjo.config.project.StepDraft.Limits;
import dev.ahjo.config.yaml.Problems;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.config.yaml.Value.Entry;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.Names;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Makes the builders of a project from their drafts: spreads every matrix, finds what each needs
 * and downloads, and sees to it that needs lead to an end.
 */
final class Assembly {
  static final String DEFAULT_POOL = "default";
  static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(20);
  static final Duration DEFAULT_MAX_TIME = Duration.ofHours(4);
  static final Duration DEFAULT_GRACE = Duration.ofMinutes(10);
  static final long DEFAULT_MAX_OUTPUT = 1_000_000_000L;

  private static final Limits DEFAULT_LIMITS =
      new Limits(
          Optional.of(DEFAULT_TIMEOUT),
          Optional.of(DEFAULT_MAX_TIME),
          Optional.of(DEFAULT_MAX_OUTPUT));

  private final List<Cell> cells = new ArrayList<>();
  private final Map<String, Integer> byName = new LinkedHashMap<>();

  /** Positions in {@link #cells}; a matrix that is too big has none. */
  private final Map<String, List<Integer>> byGroup = new LinkedHashMap<>();

  private final List<Set<Integer>> needs = new ArrayList<>();

  /** What unknown names were perhaps meant to be: each cell of a matrix asks again. */
  private final Map<String, String> guesses = new HashMap<>();

  Assembly(Map<String, Entry> written, Map<String, BuilderDraft> drafts) {
    drafts.forEach((group, draft) -> {
      Entry entry = written.get(group);
      if (entry != null) {
        add(group, Cell.spread(entry.key(), draft, group));
      }
    });
    for (Cell cell : cells) {
      needs.add(new LinkedHashSet<>(needed(cell).keySet()));
    }
  }

  private void add(String group, List<Cell> spread) {
    List<Integer> positions = new ArrayList<>();
    byGroup.put(group, positions);
    for (Cell cell : spread) {
      if (cells.size() == ProjectReader.MAX_BUILDERS) {
        cell.key()
            .error(
                "expected at most "
                    + ProjectReader.MAX_BUILDERS
                    + " builders once every matrix is spread, but found more");
        return;
      }
      String name = cell.name();
      if (name.length() > Names.MAX_LENGTH) {
        cell.key()
            .error(
                "expected a builder name of at most "
                    + Names.MAX_LENGTH
                    + " characters, but its matrix makes "
                    + Shown.quoted(name));
      }
      if (byName.putIfAbsent(name, cells.size()) != null) {
        cell.key().error("the matrix makes the builder " + Shown.quoted(name) + " a second time");
        continue;
      }
      positions.add(cells.size());
      cells.add(cell);
    }
  }

  /** Builders, and the names of matrices. */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>(byGroup.keySet());
    names.addAll(byName.keySet());
    return names;
  }

  /** What a cell needs, each with where the file says so. */
  private Map<Integer, Value> needed(Cell cell) {
    Map<Integer, Value> needed = new LinkedHashMap<>();
    for (Written need : cell.draft().needs().orElse(List.of())) {
      need.in(cell.values())
          .ifPresent(name -> {
            Integer one = byName.get(name);
            List<Integer> found =
                one != null ? List.of(one) : byGroup.getOrDefault(name, List.of());
            if (one == null && !byGroup.containsKey(name)) {
              unknown(need.at(), "needs", name);
            }
            found.forEach(n -> needed.putIfAbsent(n, need.at()));
          });
    }
    return needed;
  }

  private void unknown(Value at, String label, String name) {
    String near = guesses.computeIfAbsent(name, n -> Shown.nearest(n, names()));
    at.error(label + ": unknown builder " + Shown.quoted(name) + near);
  }

  /** All builders; what is amiss is told, and then the list is not to be used. */
  List<BuilderDefinition> builders(Problems problems) {
    boolean circle = tellCircles();
    List<BitSet> reach = circle ? List.of() : reach();
    List<Map<Written, BuilderName>> downloads = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      downloads.add(downloads(i, reach));
    }
    List<Optional<Place>> places = cells.stream().map(Assembly::place).toList();
    if (problems.errors()) {
      return List.of();
    }
    List<BuilderDefinition> builders = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      builders.add(
          definition(cells.get(i), needs.get(i), downloads.get(i), places.get(i).orElseThrow()));
    }
    return builders;
  }

  /** Walks the graph; the need that closes a circle is told. */
  private boolean tellCircles() {
    int[] seen = new int[cells.size()]; // 0 new, 1 on the way, 2 done
    boolean[] found = {false};
    for (int i = 0; i < cells.size(); i++) {
      walk(i, seen, new ArrayList<>(), found);
    }
    return found[0];
  }

  private void walk(int at, int[] seen, List<Integer> way, boolean[] found) {
    if (seen[at] != 0) {
      return;
    }
    seen[at] = 1;
    way.add(at);
    for (Map.Entry<Integer, Value> need : needed(at).entrySet()) {
      int next = need.getKey();
      if (seen[next] == 1) {
        found[0] = true;
        List<String> names =
            new ArrayList<>(
                way.subList(way.indexOf(next), way.size()).stream()
                    .map(n -> cells.get(n).group())
                    .toList());
        names.add(cells.get(next).group());
        need.getValue()
            .error("needs: expected an end, but found a circle: " + String.join(" → ", names));
      } else {
        walk(next, seen, way, found);
      }
    }
    way.removeLast();
    seen[at] = 2;
  }

  private Map<Integer, Value> needed(int at) {
    return needed(cells.get(at));
  }

  /** For each cell, everything that it needs, directly or through others. The graph has an end. */
  private List<BitSet> reach() {
    Map<Integer, BitSet> known = new HashMap<>();
    List<BitSet> reach = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      reach.add(reach(i, known));
    }
    return reach;
  }

  private BitSet reach(int at, Map<Integer, BitSet> known) {
    BitSet ready = known.get(at);
    if (ready != null) {
      return ready;
    }
    var set = new BitSet(cells.size());
    for (int need : needs.get(at)) {
      set.set(need);
      set.or(reach(need, known));
    }
    known.put(at, set);
    return set;
  }

  /** The builder that each download of a cell takes from. */
  private Map<Written, BuilderName> downloads(int at, List<BitSet> reach) {
    Map<Written, BuilderName> downloads = new HashMap<>();
    Cell cell = cells.get(at);
    for (StepDraft step : cell.draft().steps().orElse(List.of())) {
      step.from()
          .ifPresent(from ->
              from.in(cell.values())
                  .ifPresent(name -> {
                    if (source(cell, from.at(), name, at, reach)) {
                      downloads.put(from, new BuilderName(name));
                    }
                  }));
    }
    return downloads;
  }

  private boolean source(Cell cell, Value at, String name, int position, List<BitSet> reach) {
    Integer source = byName.get(name);
    if (source == null) {
      if (byGroup.containsKey(name)) {
        at.error(
            "from: expected one builder, but found the matrix "
                + Shown.quoted(name)
                + "; name one of its cells, such as "
                + byGroup.getOrDefault(name, List.of()).stream()
                    .limit(3)
                    .map(n -> cells.get(n).name())
                    .toList());
      } else {
        unknown(at, "from", name);
      }
      return false;
    }
    if (!reach.isEmpty() && !reach.get(position).get(source)) {
      at.error(
          "from: expected a builder that "
              + Shown.quoted(cell.group())
              + " needs, but found "
              + Shown.quoted(name)
              + "; add it to needs");
      return false;
    }
    return Names.valid(name);
  }

  /** Where a builder runs. */
  private record Place(PoolName pool, Set<String> labels) {}

  private static Optional<Place> place(Cell cell) {
    boolean good = true;
    Set<String> labels = new LinkedHashSet<>();
    for (Written label : cell.draft().labels().orElse(List.of())) {
      Optional<String> text = name(label, cell);
      good &= text.isPresent();
      text.ifPresent(labels::add);
    }
    Optional<Written> pool = cell.draft().pool();
    Optional<String> name = pool.isEmpty() ? Optional.of(DEFAULT_POOL) : name(pool.get(), cell);
    return good ? name.map(n -> new Place(new PoolName(n), labels)) : Optional.empty();
  }

  private static Optional<String> name(Written written, Cell cell) {
    Optional<String> text = written.in(cell.values());
    if (text.isPresent() && !Names.valid(text.get())) {
      written
          .at()
          .error(
              written.at().label()
                  + ": expected "
                  + Expected.NAME
                  + ", but found "
                  + Shown.quoted(text.get()));
      return Optional.empty();
    }
    return text;
  }

  private BuilderDefinition definition(
      Cell cell, Set<Integer> needs, Map<Written, BuilderName> downloads, Place place) {
    BuilderDraft draft = cell.draft();
    Map<String, Template> env = new LinkedHashMap<>();
    draft.env().forEach((name, variable) -> env.put(name, variable.value()));
    Limits limits = draft.limits().or(DEFAULT_LIMITS);
    return new BuilderDefinition(
        new BuilderName(cell.name()),
        new BuilderName(cell.group()),
        draft.tags().orElse(List.of()),
        place.pool,
        place.labels,
        draft.limit().map(OptionalInt::of).orElse(OptionalInt.empty()),
        draft.locks().orElse(List.of()),
        draft.collapse().orElse(Collapse.NEVER),
        needs.stream().map(n -> new BuilderName(cells.get(n).name())).toList(),
        draft.when().map(BuilderDraft.When::condition).orElse(Condition.ALWAYS),
        cell.values(),
        draft.properties(),
        env,
        limits.timeout().orElse(DEFAULT_TIMEOUT),
        limits.maxTime().orElse(DEFAULT_MAX_TIME),
        draft.grace().orElse(DEFAULT_GRACE),
        draft.retry().policy(),
        draft.steps().orElse(List.of()).stream()
            .map(step -> step(step, limits, downloads))
            .toList());
  }

  private static StepDefinition step(
      StepDraft draft, Limits builder, Map<Written, BuilderName> downloads) {
    Limits limits = draft.limits().or(builder);
    Kind kind =
        draft.kind() instanceof Kind.Download download
            ? new Kind.Download(
                draft.from().map(downloads::get).map(BuilderName::value).orElseThrow(),
                download.files())
            : draft.kind();
    return new StepDefinition(
        draft.name(),
        kind,
        draft.when(),
        draft.always(),
        draft.onFailure(),
        draft.env(),
        draft.workdir(),
        limits.timeout().orElse(DEFAULT_TIMEOUT),
        limits.maxTime().orElse(DEFAULT_MAX_TIME),
        limits.maxOutput().orElse(DEFAULT_MAX_OUTPUT));
  }
}
