import { readYaml } from "../template/functions/yaml.ts";
import { GoError } from "../template/go-error.ts";
import { fromBytes } from "../template/go-text.ts";
import type { GoMap } from "../template/values.ts";
import { type ChartFile, fileBytesMax, readArchive, withoutMark } from "./archive.ts";
import { Chart } from "./chart.ts";
import { ChartError } from "./chart-error.ts";
import { compileIgnore } from "./ignore.ts";
import { baseShape, lockShape, metadataShape, readLock, readMetadata } from "./metadata.ts";
import type { Decoded } from "./struct.ts";
import { decodeYaml, readStruct, readValues } from "./yaml-text.ts";

/**
 * Loads the chart that a directory is.
 *
 * @param files every file below it; paths are relative to the directory, with `/`. What `.helmignore` names is left out
 * @throws {ChartError} in Helm's words
 */
export function loadChart(files: ReadonlyMap<string, Uint8Array>): Chart {
  const isIgnored = compileIgnore(textOf(files.get(".helmignore")));
  const kept: ChartFile[] = [];
  for (const path of [...files.keys()].sort(compareAsWalked)) {
    if (isPathIgnored(path, isIgnored)) continue;
    const bytes = files.get(path) ?? new Uint8Array();
    if (bytes.length > fileBytesMax) {
      const name = JSON.stringify(path.slice(path.lastIndexOf("/") + 1));
      throw new ChartError(`chart file ${name} is larger than the maximum file size ${fileBytesMax}`);
    }
    kept.push({ path, bytes: withoutMark(bytes) });
  }
  const chartFile = files.get("Chart.yaml");
  if (chartFile === undefined) throw new ChartError("Chart.yaml file is missing");
  return loadRoot(chartFile, kept);
}

/**
 * Loads a packed chart, as `helm package` makes it.
 *
 * @throws {ChartError} in Helm's words
 */
export function loadChartArchive(tgz: Uint8Array): Chart {
  let files: ChartFile[];
  try {
    files = readArchive(tgz);
  } catch (error) {
    if (!(error instanceof ChartError)) throw error;
    const isOther = error.message === "gzip: invalid header";
    const start = isOther
      ? "stream does not appear to be a valid chart file (details: "
      : "unable to load chart archive: ";
    throw new ChartError(`${start}${error.message}${isOther ? ")" : ""}`, { cause: error });
  }
  const chartFile = files.find(({ path }) => path === "Chart.yaml");
  if (chartFile === undefined) throw new ChartError("unable to detect chart version, no Chart.yaml found");
  return loadRoot(chartFile.bytes, files);
}

/** Helm looks at the version of the format first, since each has a loader of its own. */
function loadRoot(chartFile: Uint8Array, files: readonly ChartFile[]): Chart {
  const base = explain("cannot load Chart.yaml", () => readStruct(fromBytes(chartFile), baseShape));
  const apiVersion = base?.["apiVersion"] ?? "";
  if (apiVersion === "v3") throw new ChartError("invalid chart apiVersion");
  if (apiVersion !== "v1" && apiVersion !== "v2" && apiVersion !== "")
    throw new ChartError("unsupported chart version");
  return loadFiles(files);
}

/** What the files of a chart say, gathered before it is checked as a whole. */
type Contents = {
  metadata?: Decoded;
  lock?: Decoded;
  values?: GoMap;
  valuesFile?: Uint8Array;
  schema?: Uint8Array;
  readonly templates: ChartFile[];
  readonly files: ChartFile[];
  /** By the first element of their path in `charts/`. */
  readonly parts: Map<string, ChartFile[]>;
  readonly warnings: string[];
};

function loadFiles(files: readonly ChartFile[]): Chart {
  const contents: Contents = { templates: [], files: [], parts: new Map(), warnings: [] };
  const chartFile = files.findLast(({ path }) => path === "Chart.yaml");
  if (chartFile !== undefined) {
    const { bytes } = chartFile;
    const decoded = explain("cannot load Chart.yaml", () => readStruct(fromBytes(bytes), metadataShape));
    // Charts of Helm 2 did not say what format they have.
    contents.metadata = { ...decoded, apiVersion: decoded?.["apiVersion"] || "v1" };
  }
  for (const file of files) if (file.path !== "Chart.yaml") sortIn(file, contents);
  if (contents.metadata === undefined) throw new ChartError("Chart.yaml file is missing");
  const metadata = readMetadata(contents.metadata);
  const parts = [...contents.parts].flatMap(([name, inner]) => loadPart(name, inner, metadata.name) ?? []);
  return new Chart({
    metadata,
    lock: contents.lock === undefined ? undefined : readLock(contents.lock),
    values: contents.values,
    valuesFile: contents.valuesFile,
    schema: contents.schema,
    templates: contents.templates,
    files: contents.files,
    charts: parts,
    warnings: contents.warnings,
  });
}

function sortIn(file: ChartFile, contents: Contents): void {
  const { path, bytes } = file;
  const isV1 = contents.metadata?.["apiVersion"] === "v1";
  if (path === "Chart.lock" || path === "requirements.lock") {
    contents.lock = explain(`cannot load ${path}`, () => readStruct(fromBytes(bytes), lockShape)) ?? {};
    if (path === "Chart.lock") return;
    if (isV1) contents.files.push(file);
    else contents.warnings.push(lockMoved);
  } else if (path === "requirements.yaml") {
    const decoded = explain(`cannot load ${path}`, () => decodeYaml(readYaml(fromBytes(bytes)), metadataShape));
    contents.metadata = { ...contents.metadata, ...decoded };
    if (isV1) contents.files.push(file);
    else contents.warnings.push(dependenciesMoved);
  } else if (path === "values.yaml") {
    contents.values = explain("cannot load values.yaml", () => readValues(fromBytes(bytes)));
    contents.valuesFile = bytes;
  } else if (path === "values.schema.json") {
    contents.schema = bytes;
  } else if (path.startsWith("templates/")) {
    contents.templates.push(file);
  } else if (path.startsWith("charts/") && !path.endsWith(".prov")) {
    const inner = path.slice("charts/".length);
    const [name = ""] = inner.split("/", 1);
    const known = contents.parts.get(name);
    if (known === undefined) contents.parts.set(name, [{ path: inner, bytes }]);
    else known.push({ path: inner, bytes });
  } else {
    contents.files.push(file);
  }
}

const dependenciesMoved =
  'Warning: Dependencies are handled in Chart.yaml since apiVersion "v2". We recommend migrating dependencies to Chart.yaml.';
const lockMoved =
  'Warning: Dependency locking is handled in Chart.lock since apiVersion "v2". We recommend migrating to Chart.lock.';

/** A chart in `charts/`: a directory or an archive. @returns `undefined` for what is meant to be passed over */
function loadPart(name: string, files: readonly ChartFile[], parent: string): Chart | undefined {
  if (name.startsWith("_") || name.startsWith(".")) return undefined;
  const [file] = files;
  const isArchive = name.endsWith(".tgz");
  if (isArchive && file?.path !== name) {
    throw new ChartError(`error unpacking subchart tar in ${parent}: expected ${name}, got ${file?.path}`);
  }
  try {
    if (isArchive && file !== undefined) return loadFiles(readArchive(file.bytes));
    // A file beside the charts is none.
    const inner = files.filter(({ path }) => path.includes("/"));
    return loadFiles(inner.map(({ path, bytes }) => ({ path: path.slice(name.length + 1), bytes })));
  } catch (error) {
    if (!(error instanceof ChartError)) throw error;
    throw new ChartError(`error unpacking subchart ${name} in ${parent}: ${error.message}`, { cause: error });
  }
}

function explain<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof GoError) throw new ChartError(`${what}: ${error.message}`, { cause: error });
    throw error;
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : fromBytes(withoutMark(bytes));
}

/** A directory that is left out takes all that is in it along. */
function isPathIgnored(path: string, isIgnored: (path: string, isDirectory: boolean) => boolean): boolean {
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    if (isIgnored(path.slice(0, slash), true)) return true;
  }
  return isIgnored(path, false);
}

/** A directory is walked where its name stands among its siblings: `a/b` comes before `a.yaml`. */
function compareAsWalked(a: string, b: string): number {
  const [left, right] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
  return left < right ? -1 : left > right ? 1 : 0;
}
