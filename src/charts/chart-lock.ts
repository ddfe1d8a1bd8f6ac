import { createHash } from "node:crypto";
import { formatGoJson, itemsAt, listAt, parseYaml, textAt, textsAt, valueAt } from "../apimachinery/index.ts";
import { scalarTextAt } from "./scalar-text.ts";

/** A chart that another one needs, as Chart.yaml or a lock file has it. `fields` are the rest of what counts for the digest. */
export type Dependency = {
  name: string;
  version: string;
  repository: string;
  fields: { condition: string; tags: string[]; enabled: boolean; importValues: unknown[]; alias: string };
};

/** What a chart says about what it needs. */
export type DependencyList = {
  apiVersion: string;
  dependencies: Dependency[];
  lock?: { file: string; digest: string; dependencies: Dependency[] };
};

/**
 * Reads Chart.yaml or, of an old chart, requirements.yaml, and the lock beside it.
 *
 * @throws {Error} in Helm's words
 */
export function readDependencies(files: ReadonlyMap<string, Uint8Array>): DependencyList {
  const read = (file: string): unknown => {
    const bytes = files.get(file);
    if (bytes === undefined) return undefined;
    try {
      return parseYaml(Buffer.from(bytes).toString("utf8"), { file });
    } catch (cause) {
      throw new Error(`cannot load ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  };
  const chart = read("Chart.yaml");
  if (chart === undefined) throw new Error("Chart.yaml file is missing");
  const requirements = read("requirements.yaml");
  const lockFile = ["requirements.lock", "Chart.lock"].find((file) => files.has(file));
  const lock = lockFile === undefined ? undefined : read(lockFile);
  const source = valueAt(requirements, "dependencies") === undefined ? chart : requirements;
  return {
    apiVersion: textAt(chart, "apiVersion") || "v1",
    dependencies: itemsAt(source, "dependencies").map(dependencyOf),
    ...(lockFile === undefined || lock === null
      ? {}
      : {
          lock: {
            file: lockFile,
            digest: textAt(lock, "digest"),
            dependencies: itemsAt(lock, "dependencies").map(dependencyOf),
          },
        }),
  };
}

/**
 * Checks that a lock is of the dependencies that the chart has now.
 *
 * @param resolved the dependencies with the URLs of repositories in place of their names, which is what Helm 3 has the digest of
 * @throws {Error} in Helm's words
 */
export function checkLock(list: DependencyList, resolved: readonly Dependency[]): void {
  const { apiVersion, dependencies, lock } = list;
  if (lock === undefined || lockDigest(resolved, lock.dependencies) === lock.digest) return;
  if (apiVersion !== "v1") {
    throw new Error(
      "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies",
    );
  }
  // A lock of Helm 2 has the digest of the dependencies alone.
  if (digestOf(`{"dependencies":${listJson(dependencies)}}`) === lock.digest) return;
  throw new Error(
    "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please update the dependencies",
  );
}

/** The digest that Helm writes into a lock file. */
export function lockDigest(dependencies: readonly Dependency[], locked: readonly Dependency[]): string {
  return digestOf(`[${listJson(dependencies)},${listJson(locked)}]`);
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** As Go writes a list of Helm's structs: fields in their order, some left out when empty, no list as `null`. */
function listJson(dependencies: readonly Dependency[]): string {
  if (dependencies.length === 0) return "null";
  return `[${dependencies.map(dependencyJson).join(",")}]`;
}

function dependencyJson({ name, version, repository, fields }: Dependency): string {
  const { condition, tags, enabled, importValues, alias } = fields;
  const entries: [string, unknown, boolean][] = [
    ["name", name, true],
    ["version", version, version !== ""],
    ["repository", repository, true],
    ["condition", condition, condition !== ""],
    ["tags", tags, tags.length > 0],
    ["enabled", enabled, enabled],
    ["import-values", importValues, importValues.length > 0],
    ["alias", alias, alias !== ""],
  ];
  const shown = entries.filter(([, , isShown]) => isShown).map(([key, value]) => `"${key}":${formatGoJson(value)}`);
  return `{${shown.join(",")}}`;
}

function dependencyOf(item: unknown): Dependency {
  return {
    name: scalarTextAt(item, "name"),
    version: scalarTextAt(item, "version"),
    repository: scalarTextAt(item, "repository"),
    fields: {
      condition: scalarTextAt(item, "condition"),
      tags: textsAt(item, "tags"),
      enabled: valueAt(item, "enabled") === true,
      importValues: listAt(item, "import-values"),
      alias: scalarTextAt(item, "alias"),
    },
  };
}
