import { quoteGo } from "../../apimachinery/index.ts";
import { baseName } from "../template/functions/paths.ts";
import { parseVersion } from "../template/functions/semver-version.ts";
import { GoError } from "../template/go-error.ts";
import { goSpace } from "../template/go-text.ts";
import { stringMapType } from "../template/go-types.ts";
import { type GoMap, newMap, nilOf, typedMap, type Value } from "../template/values.ts";
import { ChartError } from "./chart-error.ts";
import {
  anyShape,
  boolShape,
  type Decoded,
  listShape,
  mapShape,
  type Shape,
  stringShape,
  structShape,
  timeShape,
} from "./struct.ts";

/** What Chart.yaml says of a chart that the chart needs; absent texts are empty. `alias` takes the place of the name. */
export type ChartDependency = {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  readonly alias: string;
  /** Paths of values, separated by commas: the first that is `true` or `false` decides whether the chart is part of it. */
  readonly condition: string;
  readonly tags: readonly string[];
  /** Names below `exports` of its values, or `{child, parent}`. */
  readonly importValues: readonly unknown[];
};

export type Maintainer = { readonly name: string; readonly email: string; readonly url: string };

/** Chart.yaml; absent texts are empty. */
export type ChartMetadata = {
  readonly apiVersion: string;
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  readonly kubeVersion: string;
  readonly type: string;
  readonly description: string;
  readonly home: string;
  readonly icon: string;
  readonly condition: string;
  readonly tags: string;
  readonly deprecated: boolean;
  readonly keywords: readonly string[];
  readonly sources: readonly string[];
  readonly maintainers: readonly Maintainer[];
  readonly annotations: Readonly<Record<string, string>> | undefined;
  /** `undefined` where the file has none, which is not the same as an empty list. */
  readonly dependencies: readonly ChartDependency[] | undefined;
};

const maintainerShape = structShape("v2.Maintainer", { name: stringShape, email: stringShape, url: stringShape });
const dependencyShape = structShape("v2.Dependency", {
  name: stringShape,
  version: stringShape,
  repository: stringShape,
  condition: stringShape,
  tags: listShape(stringShape),
  enabled: boolShape,
  "import-values": listShape(anyShape),
  alias: stringShape,
});
const dependenciesShape = listShape(dependencyShape, "[]*v2.Dependency");

const text = stringShape;
/** The fields in the order in which templates print them. */
export const metadataShape: Shape = structShape("v2.Metadata", {
  name: text,
  home: text,
  sources: listShape(text),
  version: text,
  description: text,
  keywords: listShape(text),
  maintainers: listShape(maintainerShape, "[]*v2.Maintainer"),
  icon: text,
  apiVersion: text,
  condition: text,
  tags: text,
  appVersion: text,
  deprecated: boolShape,
  annotations: mapShape(text),
  kubeVersion: text,
  dependencies: dependenciesShape,
  type: text,
});

/** What Helm reads first, to find out which of its loaders knows the chart. */
export const baseShape: Shape = structShape("loader.chartBase", { apiVersion: text });
export const lockShape: Shape = structShape("v2.Lock", {
  generated: timeShape,
  digest: text,
  dependencies: dependenciesShape,
});

/**
 * Makes metadata of what Chart.yaml, and requirements.yaml after it, say.
 *
 * @throws {ChartError} for what Helm does not accept
 */
export function readMetadata(decoded: Decoded): ChartMetadata {
  const clean = (field: string) => sanitize(textAt(decoded, field));
  const metadata = {
    apiVersion: textAt(decoded, "apiVersion"),
    name: clean("name"),
    version: textAt(decoded, "version"),
    appVersion: clean("appVersion"),
    kubeVersion: clean("kubeVersion"),
    type: textAt(decoded, "type"),
    description: clean("description"),
    home: clean("home"),
    icon: clean("icon"),
    condition: clean("condition"),
    tags: clean("tags"),
    deprecated: decoded["deprecated"] === true,
    keywords: textsAt(decoded, "keywords").map(sanitize),
    sources: textsAt(decoded, "sources").map(sanitize),
    annotations: stringMapAt(decoded, "annotations"),
  };
  checkNames(metadata);
  const maintainers = structsAt(decoded, "maintainers", "maintainers").map((maintainer) => ({
    name: sanitize(textAt(maintainer, "name")),
    email: sanitize(textAt(maintainer, "email")),
    url: sanitize(textAt(maintainer, "url")),
  }));
  return { ...metadata, maintainers, dependencies: readDependencies(decoded) };
}

function checkNames(metadata: Pick<ChartMetadata, "apiVersion" | "name" | "version" | "type">): void {
  const { apiVersion, name, version, type } = metadata;
  if (apiVersion === "") throw invalid("chart.metadata.apiVersion is required");
  if (name === "") throw invalid("chart.metadata.name is required");
  if (name === "." || name === "..") throw invalid(`chart.metadata.name ${quoteGo(name)} is not allowed`);
  if (name !== baseName(name)) throw invalid(`chart.metadata.name ${quoteGo(name)} is invalid`);
  if (version === "") throw invalid("chart.metadata.version is required");
  if (!isVersion(version)) throw invalid(`chart.metadata.version ${quoteGo(version)} is invalid`);
  if (!["", "application", "library"].includes(type)) {
    throw invalid("chart.metadata.type must be application or library");
  }
}

function readDependencies(decoded: Decoded): ChartDependency[] | undefined {
  if (decoded["dependencies"] === undefined) return undefined;
  const known = new Set<string>();
  return structsAt(decoded, "dependencies", "dependencies").map((fields) => {
    const dependency = dependencyOf(fields);
    if (dependency.alias !== "" && !/^[a-zA-Z0-9_-]+$/.test(dependency.alias)) {
      throw invalid(`dependency ${quoteGo(dependency.name)} has disallowed characters in the alias`);
    }
    const key = dependency.alias || dependency.name;
    if (known.has(key)) throw invalid(`more than one dependency with name or alias ${quoteGo(key)}`);
    known.add(key);
    return dependency;
  });
}

/** The charts that a lock file names; what is no object in it is left out. */
export function readLock(decoded: Decoded | undefined): ChartDependency[] {
  const listed = decoded?.["dependencies"];
  return Array.isArray(listed) ? listed.filter(isDecoded).map(dependencyOf) : [];
}

function dependencyOf(fields: Decoded): ChartDependency {
  const clean = (field: string) => sanitize(textAt(fields, field));
  const imports = fields["import-values"];
  return {
    name: clean("name"),
    version: clean("version"),
    repository: clean("repository"),
    condition: clean("condition"),
    tags: textsAt(fields, "tags").map(sanitize),
    alias: textAt(fields, "alias"),
    importValues: Array.isArray(imports) ? imports : [],
  };
}

function invalid(why: string): ChartError {
  return new ChartError(`validation: ${why}`);
}

function isVersion(version: string): boolean {
  try {
    parseVersion(version);
    return true;
  } catch (error) {
    if (error instanceof GoError) return false;
    throw error;
  }
}

/** Makes every space one of ASCII, and drops what cannot be printed. */
function sanitize(value: string): string {
  if (/^[ -~]*$/.test(value)) return value;
  return Array.from(value, (character) => {
    if (goSpace.test(character)) return " ";
    return /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character) ? character : "";
  }).join("");
}

function textAt(decoded: Decoded, field: string): string {
  const value = decoded[field];
  return typeof value === "string" ? value : "";
}

function textsAt(decoded: Decoded, field: string): string[] {
  const value = decoded[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function structsAt(decoded: Decoded, field: string, plural: string): Decoded[] {
  const value = decoded[field];
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => {
    if (!isDecoded(item)) throw invalid(`${plural} must not contain empty or null nodes`);
    return item;
  });
}

function stringMapAt(decoded: Decoded, field: string): Record<string, string> | undefined {
  const value = decoded[field];
  if (!isDecoded(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typeof item === "string" ? item : ""]));
}

function isDecoded(value: unknown): value is Decoded {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * `.Chart`: the fields of the struct that Helm has, by their names in Go.
 *
 * @param enabled the dependencies that are part of the chart now, under the names they have in it
 */
export function chartObject(
  metadata: ChartMetadata,
  enabled: readonly (ChartDependency & { readonly importValues: readonly unknown[] })[],
  isRoot: boolean,
): GoMap {
  return mapOf({
    Name: metadata.name,
    Home: metadata.home,
    Sources: [...metadata.sources],
    Version: metadata.version,
    Description: metadata.description,
    Keywords: [...metadata.keywords],
    Maintainers: metadata.maintainers.map(({ name, email, url }) => mapOf({ Name: name, Email: email, URL: url })),
    Icon: metadata.icon,
    APIVersion: metadata.apiVersion,
    Condition: metadata.condition,
    Tags: metadata.tags,
    AppVersion: metadata.appVersion,
    Deprecated: metadata.deprecated,
    Annotations:
      metadata.annotations === undefined
        ? nilOf(stringMapType)
        : typedMap(stringMapType, Object.entries(metadata.annotations)),
    KubeVersion: metadata.kubeVersion,
    Dependencies: enabled.map((dependency) =>
      mapOf({
        Name: dependency.name,
        Version: dependency.version,
        Repository: dependency.repository,
        Condition: dependency.condition,
        Tags: [...dependency.tags],
        Enabled: true,
        ImportValues: dependency.importValues.map(importObject),
        Alias: dependency.alias,
      }),
    ),
    Type: metadata.type,
    IsRoot: isRoot,
  });
}

/** Helm replaces what a dependency imports by pairs of texts once it has done so. */
function importObject(item: unknown): Value {
  if (!isDecoded(item)) return typeof item === "string" ? item : null;
  return typedMap(
    stringMapType,
    Object.entries(item).map(([key, value]) => [key, String(value)]),
  );
}

function mapOf(entries: Readonly<Record<string, Value>>): GoMap {
  const map = newMap();
  for (const [key, value] of Object.entries(entries)) map[key] = value;
  return map;
}
