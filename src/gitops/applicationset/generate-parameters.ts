import { posix } from "node:path";
import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  matchesLabels,
  parseYaml,
  selectorFromObject,
} from "../../apimachinery/index.ts";
import type { Generator, GitGenerator } from "../../apis/index.ts";
import { compileGlob } from "../../render/index.ts";
import { inCluster } from "../project/permissions.ts";
import type { GitSources } from "../source/file-tree.ts";
import { type Expand, flatten, goTemplates, type Parameters, placeholders } from "./expand.ts";
import type { GoTemplateOptions } from "./go-template.ts";
import { normalizeName } from "./normalize-name.ts";

export type GenerateContext = {
  git: Pick<GitSources, "resolve" | "tree" | "blob">;
  /** Secrets that describe clusters. */
  clusters: readonly KubeObject[];
  /** Whether templates are Go templates; placeholders otherwise. */
  goTemplate: GoTemplateOptions | undefined;
  refresh: boolean;
  signal: AbortSignal;
};

/** What one generator gives, with the part of the template that it overrides. */
export type Generated = { parameters: Parameters; template: JsonObject | undefined };

const supported = ["list", "clusters", "git"] as const;

/**
 * Finds the sets of parameters of one generator.
 *
 * @throws {Error} for generators that are not supported yet, and for what cannot be read
 */
export async function generateParameters(generator: Generator, context: GenerateContext): Promise<Generated[]> {
  const named = Object.keys(generator).filter((name) => name !== "selector" && generator[name] !== undefined);
  const [kind] = named;
  if (kind === undefined || named.length > 1) {
    throw new Error(`a generator must have exactly one kind, this one has ${named.join(", ") || "none"}`);
  }
  if (!supported.some((name) => name === kind)) {
    throw new Error(`generator ${kind} is not supported yet, only ${supported.join(", ")} are`);
  }
  const { list, clusters, git } = generator;
  const sets = [
    ...(list === undefined ? [] : listParameters(list, context)),
    ...(clusters === undefined ? [] : clusterParameters(clusters, context)),
    ...(git === undefined ? [] : await gitParameters(git, context)),
  ];
  const template = list?.template ?? clusters?.template ?? git?.template;
  const selector = generator.selector === undefined ? undefined : selectorFromObject(generator.selector);
  const chosen =
    selector === undefined ? sets : sets.filter((parameters) => matchesLabels(selector, flatten(parameters)));
  return chosen.map((parameters) => ({ parameters, template }));
}

export function expandWith(parameters: Parameters, goTemplate: GoTemplateOptions | undefined): Expand {
  return goTemplate === undefined ? placeholders(parameters) : goTemplates(parameters, goTemplate);
}

function listParameters(list: NonNullable<Generator["list"]>, { goTemplate }: GenerateContext): Parameters[] {
  const elements: JsonObject[] = [...(list.elements ?? [])];
  if (list.elementsYaml) {
    const more = parseYaml(list.elementsYaml);
    if (!Array.isArray(more)) throw new Error("elementsYaml of a list generator is not a list");
    elements.push(...more.map(asObject));
  }
  return elements.map((element) => (goTemplate === undefined ? flatten(asObject(element)) : asObject(element)));
}

function clusterParameters(
  { selector, values = {}, flatList }: NonNullable<Generator["clusters"]>,
  { clusters, goTemplate }: GenerateContext,
): Parameters[] {
  if (flatList === true) throw new Error("flatList of the clusters generator is not supported yet");
  const hasSelector =
    Object.keys(selector?.matchLabels ?? {}).length > 0 || (selector?.matchExpressions?.length ?? 0) > 0;
  const described = clusters.filter((secret) =>
    matchesLabels(selectorFromObject(selector ?? {}), secret.metadata.labels),
  );
  const known = described.map(clusterOf);
  // The cluster that we are in needs no Secret, but without one it has no labels to be selected by.
  if (!hasSelector && !known.some(({ server }) => server === inCluster.server)) {
    known.unshift({ ...inCluster, labels: {}, annotations: {}, project: "" });
  }
  return known.map(({ name, server, labels, annotations, project }) => {
    const nested = { name, nameNormalized: normalizeName(name), server, project, metadata: { labels, annotations } };
    return withValues(goTemplate === undefined ? flatten(nested) : nested, values, goTemplate);
  });
}

function clusterOf({ metadata, ...secret }: KubeObject) {
  const data = (secret["data"] ?? {}) as Record<string, string>;
  const text = (name: string) => Buffer.from(data[name] ?? "", "base64").toString();
  const { labels = {}, annotations = {} } = metadata;
  return { name: text("name"), server: text("server"), labels, annotations, project: text("project") };
}

async function gitParameters(generator: GitGenerator, context: GenerateContext): Promise<Parameters[]> {
  const { git, refresh, signal, goTemplate } = context;
  const { repoURL, revision, directories = [], files = [], values = {} } = generator;
  const commit = await git.resolve(repoURL, revision || "HEAD", { refresh, signal });
  const tree = (await git.tree(repoURL, commit, "")) ?? [];
  if (directories.length > 0) {
    const paths = [...new Set(tree.flatMap(({ path }) => parentsOf(path)))].sort();
    return choose(paths, directories, "/").map((path) =>
      withValues(pathParameters(path, undefined, generator, goTemplate), values, goTemplate),
    );
  }
  const chosen = choose(
    tree.map(({ path }) => path),
    files,
    undefined,
  );
  const found: Parameters[] = [];
  for (const path of chosen.sort()) {
    const oid = tree.find((file) => file.path === path)?.oid ?? "";
    const content = parseYaml(Buffer.from(await git.blob(repoURL, oid)).toString(), { file: path });
    for (const object of (Array.isArray(content) ? content : [content ?? {}]).map(asObject)) {
      const parameters = goTemplate === undefined ? flatten(object) : object;
      const at = pathParameters(posix.dirname(path), posix.basename(path), generator, goTemplate);
      found.push(withValues({ ...parameters, ...at }, values, goTemplate));
    }
  }
  return found;
}

function choose(
  paths: readonly string[],
  items: readonly { path: string; exclude?: boolean }[],
  separator: string | undefined,
): string[] {
  const tests = items.map(({ path, exclude = false }) => ({ matches: compileGlob(path, separator), exclude }));
  return paths.filter(
    (path) =>
      tests.some(({ matches, exclude }) => !exclude && matches(path)) &&
      !tests.some(({ matches, exclude }) => exclude && matches(path)),
  );
}

function parentsOf(path: string): string[] {
  const steps = path.split("/").slice(0, -1);
  return steps.map((_, index) => steps.slice(0, index + 1).join("/"));
}

function pathParameters(
  path: string,
  filename: string | undefined,
  { pathParamPrefix }: GitGenerator,
  goTemplate: GoTemplateOptions | undefined,
): Parameters {
  const basename = posix.basename(path);
  const facts = {
    basename,
    basenameNormalized: normalizeName(basename),
    ...(filename !== undefined && { filename, filenameNormalized: normalizeName(filename) }),
  };
  const segments = path.split("/");
  if (goTemplate !== undefined) {
    const nested = { path: { path, ...facts, segments } };
    return pathParamPrefix ? { [pathParamPrefix]: nested } : nested;
  }
  const name = pathParamPrefix ? `${pathParamPrefix}.path` : "path";
  const indexed = segments.map((segment, index) => [`${name}[${index}]`, segment] as const);
  return { [name]: path, ...flatten(facts, `${name}.`), ...Object.fromEntries(indexed) };
}

/** Further parameters may be made of those that a generator found. */
function withValues(
  parameters: Parameters,
  values: Record<string, string>,
  goTemplate: GoTemplateOptions | undefined,
): Parameters {
  if (Object.keys(values).length === 0) return parameters;
  const expanded = expandWith(parameters, goTemplate)(values);
  return { ...parameters, ...(goTemplate === undefined ? flatten(expanded, "values.") : { values: expanded }) };
}

function asObject(value: JsonValue): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Error(`parameters must be an object, not ${JSON.stringify(value)}`);
}
