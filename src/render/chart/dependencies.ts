import { checkConstraints, parseConstraints } from "../template/functions/semver-constraint.ts";
import { parseVersion } from "../template/functions/semver-version.ts";
import { GoError } from "../template/go-error.ts";
import { type GoMap, hasKey, newMap, type Value } from "../template/values.ts";
import { ChartError } from "./chart-error.ts";
import type { ChartNode, NodeDependency } from "./chart-node.ts";
import { coalesceTables, coalesceValues } from "./coalesce.ts";
import { copyMap, scalarAt, show, tableAt } from "./value-maps.ts";

/** Whether a version is one of those that a constraint allows; never when one of them is malformed. */
export function isCompatible(constraint: string, version: string): boolean {
  try {
    const parsed = parseVersion(version);
    return checkConstraints(parseConstraints(constraint), parsed);
  } catch (error) {
    if (error instanceof GoError) return false;
    throw error;
  }
}

/**
 * Chooses the charts that are part of a render: those that Chart.yaml lists by their aliases, unless condition or tags say
 * no, and all it does not list. Changes the tree.
 *
 * @param values what was given for the chart at the root
 * @throws {ChartError}
 */
export function chooseCharts(root: ChartNode, values: GoMap, warn: (warning: string) => void): void {
  choose(root, values, "", warn);
}

function choose(node: ChartNode, given: GoMap, path: string, warn: (warning: string) => void): void {
  const listed = node.dependencies;
  if (listed === undefined) return;
  const isListed = ({ chart, name }: ChartNode) =>
    listed.some((one) => one.name === name && isCompatible(one.version, chart.version));
  const charts = node.charts.filter((chart) => !isListed(chart));
  for (const dependency of listed) {
    const found = node.charts.find(
      ({ name, chart }) => name === dependency.name && isCompatible(dependency.version, chart.version),
    );
    if (found !== undefined) charts.push(found.copyAs(dependency.alias || found.name));
  }
  node.charts = charts;
  const renamed = listed.map((one): NodeDependency => ({ ...one, name: one.alias || one.name, enabled: true }));
  const values = coalesceValues(node, given, { keepNulls: false, warn });
  applyTags(renamed, values, warn);
  applyConditions(renamed, values, path, warn);
  const disabled = new Set(renamed.filter(({ enabled }) => !enabled).map(({ name }) => name));
  const kept = node.charts.filter(({ name }) => !disabled.has(name));
  for (const chart of kept) choose(chart, values, `${path}${chart.name}.`, warn);
  node.dependencies = renamed.filter(({ name }) => !disabled.has(name));
  node.charts = kept;
}

function applyTags(dependencies: readonly NodeDependency[], values: GoMap, warn: (warning: string) => void): void {
  const { table } = tableAt(values, ["tags"]);
  if (table === undefined) return;
  for (const dependency of dependencies) {
    const answers = dependency.tags.filter((tag) => hasKey(table, tag)).map((tag) => ({ tag, value: table[tag] }));
    for (const { tag, value } of answers) {
      if (typeof value !== "boolean") warn(`returned non-bool value tag=${tag} chart=${dependency.name}`);
    }
    const isOn = answers.some(({ value }) => value === true);
    const isOff = answers.some(({ value }) => value === false);
    dependency.enabled = isOn || !isOff;
  }
}

function applyConditions(
  dependencies: readonly NodeDependency[],
  values: GoMap,
  path: string,
  warn: (warning: string) => void,
): void {
  for (const dependency of dependencies) {
    for (const condition of dependency.condition.trim().split(",")) {
      if (condition === "") continue;
      const value = scalarAt(values, `${path}${condition}`.split("."));
      if (typeof value === "boolean") {
        dependency.enabled = value;
        break;
      }
      if (value !== undefined) warn(`returned non-bool value path=${condition} chart=${dependency.name}`);
    }
  }
}

/**
 * Gives every chart the values that it imports from charts in it, from the innermost to the root. Changes the tree. What was
 * given to the release does not matter, so the same charts import the same.
 */
export function importValues(root: ChartNode, warn: (warning: string) => void): void {
  const nodes = [...root.all()];
  const paths = nodes.map(({ path }) => path);
  const imports = root.chart.memory.importsOf(paths, () => {
    const warnings: string[] = [];
    importInto(root, (warning) => warnings.push(warning));
    return { charts: nodes.map(({ values, dependencies }) => ({ values, dependencies })), warnings };
  });
  for (const [index, node] of nodes.entries()) {
    node.values = imports.charts[index]?.values;
    node.dependencies = imports.charts[index]?.dependencies;
  }
  for (const warning of imports.warnings) warn(warning);
}

function importInto(node: ChartNode, warn: (warning: string) => void): void {
  for (const chart of node.charts) importInto(chart, warn);
  if (node.dependencies === undefined) return;
  const options = { keepNulls: true, warn };
  const values = coalesceValues(node, newMap(), options);
  let imported: GoMap = newMap();
  node.dependencies = node.dependencies.map((dependency) => {
    const pairs = dependency.importValues.flatMap((item) => pairOf(item) ?? []);
    for (const { child, parent } of pairs) {
      const { table, missing } = tableAt(values, `${dependency.name}.${child}`.split("."));
      if (table === undefined) {
        warn(`ImportValues missing table from chart ${dependency.name}: ${JSON.stringify(missing)} is not a table`);
      } else {
        imported = coalesceTables(imported, nest(parent, table), options);
      }
    }
    return { ...dependency, importValues: pairs };
  });
  // What is imported is part of the values too, and putting both together changes both.
  node.values = coalesceTables(copyMap(values), imported, options);
}

/** `name` is short for what the chart exports under that name, put at the top. */
function pairOf(item: unknown): { child: string; parent: string } | undefined {
  if (typeof item === "string") return { child: `exports.${item}`, parent: "." };
  if (!isTable(item)) return undefined;
  return { child: show(item["child"] ?? null), parent: show(item["parent"] ?? null) };
}

function isTable(item: unknown): item is { [key: string]: Value } {
  return typeof item === "object" && item !== null && !Array.isArray(item);
}

function nest(path: string, values: GoMap): GoMap {
  if (path === ".") return values;
  return path.split(".").reduceRight((inner: GoMap, key) => {
    const outer = newMap();
    outer[key] = inner;
    return outer;
  }, values);
}

/** Says which charts are missing. @throws {ChartError} in Helm's words when there are any */
export function checkDependencies(root: ChartNode): void {
  const missing = root.chart.missingDependencies.map(({ name }) => name);
  if (missing.length === 0) return;
  throw new ChartError(
    "an error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch " +
      `missing dependencies: found in Chart.yaml, but missing in charts/ directory: ${missing.join(", ")}`,
  );
}
