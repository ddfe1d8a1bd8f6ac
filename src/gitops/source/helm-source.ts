import { createHash } from "node:crypto";
import { posix } from "node:path";
import { listAt, parseYaml, textAt } from "../../apimachinery/index.ts";
import type { ApplicationSource, HelmSource } from "../../apis/index.ts";
import { findRepository } from "../../charts/index.ts";
import { errorText } from "../../lib/index.ts";
import {
  type ChartContent,
  ChartError,
  type HelmValues,
  type IsolatedHelmOptions,
  type Manifest,
} from "../../render/index.ts";
import { shownUrl } from "./fetch-url.ts";
import type { TreeItem } from "./file-tree.ts";
import type { RenderContext } from "./render-context.ts";
import { ForbiddenSourceError, SourceError } from "./source-error.ts";
import { sourceBytesMax } from "./source-files.ts";
import { locate, resolveValueFiles, type ValueFile } from "./value-files.ts";

const decoder = new TextDecoder("utf-8");

/** Helm versions that Argo CD takes in `helm.version`; all mean the same one. */
const helmVersions = new Set(["", "v3", "v4"]);

/**
 * Renders the chart of a source, as Argo CD calls `helm template`; dependencies that the chart lacks are fetched.
 *
 * @throws {Error} in the words of Argo CD and Helm
 */
export async function renderHelm(source: ApplicationSource, context: RenderContext): Promise<readonly Manifest[]> {
  const helm = source.helm ?? {};
  if (!helmVersions.has(helm.version ?? ""))
    throw new Error(
      `error initializing helm app object: failed to create new helm command: helm version '${helm.version}' is not supported`,
    );
  const values = await valuesOf(helm, context);
  const options = await helmOptions(source, values, context);
  const items = (await context.files.files(context.place)) ?? [];
  const sizeBytes = items.reduce((sum, item) => sum + item.sizeBytes, 0);
  if (sizeBytes > sourceBytesMax)
    throw new Error(`the files of the chart have ${sizeBytes} bytes, more than ${sourceBytesMax}`);
  const content = () => readAll(items, context);
  try {
    return await renderWithSchemas({ digest: digestOf(items), content }, options, context);
  } catch (error) {
    if (!isMissingDependency(error)) throw templateError(error);
  }
  const files = await buildDependencies(await content(), helm, context);
  const digest = digestOf([...files].map(([path, bytes]) => ({ path, bytes })));
  try {
    return await renderWithSchemas({ digest, content: async () => files }, options, context);
  } catch (error) {
    throw templateError(error);
  }
}

/** How many documents the schemas of a chart may be spread over. */
const remoteSchemasMax = 50;

/** Renders again with what schemas refer to in the network, which only their reading shows; most refer to nothing there. */
async function renderWithSchemas(
  chart: ChartContent,
  options: IsolatedHelmOptions,
  context: RenderContext,
): Promise<readonly Manifest[]> {
  const remoteSchemas = new Map<string, Uint8Array>();
  for (;;) {
    try {
      const given = remoteSchemas.size === 0 ? options : { ...options, remoteSchemas };
      return (await context.services.renderer.helm({ chart, options: given }, context.signal)).manifests;
    } catch (error) {
      const missing = error instanceof ChartError ? error.missingSchemas : [];
      if (missing.length === 0 || remoteSchemas.size + missing.length > remoteSchemasMax) throw error;
      for (const url of missing) remoteSchemas.set(url, await schemaAt(url, context));
    }
  }
}

async function schemaAt(url: string, { onOutside, services, signal }: RenderContext): Promise<Uint8Array> {
  onOutside(url);
  const { status, body } = await services.fetchUrl(url, signal);
  if (status >= 200 && status <= 299) return body;
  throw new Error(`failing loading "${shownUrl(url)}": HTTP ${status}`);
}

/** What is wrong in the chart or its values is the source's; everything else may be well again the next time. */
function templateError(error: unknown): Error {
  const message = (why: string) => `failed to execute helm template command: Error: ${why}`;
  // Helm's words are whole; the cause is the same in the template engine's.
  return isInChart(error) ? new SourceError(message(error.message)) : new Error(message(errorText(error)));
}

/** Errors that come from a worker have lost their class, not their name. */
function isInChart(error: unknown): error is Error {
  return error instanceof Error && ["ChartError", "TemplateError", "RenderError"].includes(error.name);
}

function isMissingDependency(error: unknown): boolean {
  return isInChart(error) && /missing in charts/.test(error.message);
}

/** What names the content of a chart: the paths of its files, and their ids or contents. */
export function digestOf(items: readonly ({ path: string } & ({ id: string } | { bytes: Uint8Array }))[]): string {
  const hash = createHash("sha256");
  for (const item of items) {
    const id = "id" in item ? item.id : createHash("sha256").update(item.bytes).digest("hex");
    hash.update(`${item.path}\0${id}\n`);
  }
  return `files:${hash.digest("hex")}`;
}

async function readAll(items: readonly TreeItem[], { files, place }: RenderContext): Promise<Map<string, Uint8Array>> {
  const contents = items.map(async ({ path, id }) => [path, await files.content(place.tree, id)] as const);
  return new Map(await Promise.all(contents));
}

async function helmOptions(
  source: ApplicationSource,
  values: HelmValues,
  context: RenderContext,
): Promise<IsolatedHelmOptions> {
  const { helm = {}, kustomize = {} } = source;
  const { overrides } = context;
  const cluster = await context.cluster();
  const kubeVersion = overrides.kubeVersion || helm.kubeVersion || kustomize.kubeVersion || cluster.kubeVersion;
  const named = [overrides.apiVersions, helm.apiVersions, kustomize.apiVersions];
  const apiVersions = named.find((versions) => versions !== undefined && versions.length > 0);
  const namespace = helm.namespace || kustomize.namespace || context.app.namespace;
  return {
    releaseName: overrides.releaseName || helm.releaseName || context.app.name,
    ...(namespace !== "" && { namespace }),
    values: overrides.values === undefined ? values : withOverrides(values, overrides.values),
    ...(kubeVersion !== "" && { kubeVersion: parseKubeVersion(kubeVersion) }),
    apiVersions: apiVersions ?? cluster.apiVersions,
    includeCrds: overrides.includeCrds ?? helm.skipCrds !== true,
    skipTests: overrides.skipTests ?? helm.skipTests === true,
    skipSchemaValidation: overrides.skipSchemaValidation ?? helm.skipSchemaValidation === true,
    ...(overrides.seed !== undefined && { seed: overrides.seed }),
    ...(overrides.lookup !== undefined && { lookup: overrides.lookup }),
    now: context.services.now().getTime(),
  };
}

/** Later values count more: files of the overrides come after the object of the source. */
function withOverrides(values: HelmValues, over: HelmValues): HelmValues {
  const files = [...(values.files ?? [])];
  if (values.object !== undefined)
    files.push({ name: "valuesObject of the source", text: JSON.stringify(values.object) });
  const settings = (name: "setJson" | "set" | "setString" | "setFile" | "setLiteral") => [
    ...(values[name] ?? []),
    ...(over[name] ?? []),
  ];
  return {
    files: [...files, ...(over.files ?? [])],
    setJson: settings("setJson"),
    set: settings("set"),
    setString: settings("setString"),
    setFile: settings("setFile"),
    setLiteral: settings("setLiteral"),
    setFileContents: new Map([...(values.setFileContents ?? []), ...(over.setFileContents ?? [])]),
  };
}

/**
 * Takes away what some Helm versions do not understand: `v1.30.11-eks-1234` is `1.30.11`.
 *
 * @throws {Error} in Argo CD's words
 */
export function parseKubeVersion(version: string): string {
  const match = /^\s*v?(\d+(?:\.\d+)+)/.exec(version);
  if (match?.[1] !== undefined) return match[1];
  const why = `could not parse ${JSON.stringify(version)} as version`;
  throw new Error(`could not parse kubernetes version ${version}: ${why}`);
}

/** All values of a source except the chart's own, in the order in which they count. */
async function valuesOf(helm: HelmSource, context: RenderContext): Promise<HelmValues> {
  const place = { files: context.files, app: context.place, environment: context.environment };
  const found = await resolveValueFiles(helm.valueFiles ?? [], {
    ...place,
    ignoreMissing: helm.ignoreMissingValueFiles === true,
  }).catch((error: unknown) => {
    throw new Error(`error resolving helm value files: ${errorText(error)}`);
  });
  const files = await Promise.all(
    found.map(async (file) => ({ name: nameOf(file), text: decoder.decode(await contentOf(file, context, "")) })),
  );
  if (helm.valuesObject === undefined && helm.values) files.push({ name: "values of the source", text: helm.values });

  // The last one of a name counts, as in a map.
  const set = new Map<string, string>();
  const setString = new Map<string, string>();
  for (const { name = "", value = "", forceString } of helm.parameters ?? [])
    (forceString === true ? setString : set).set(name, context.environment.substitute(value));
  const setFile = new Map<string, string>();
  const setFileContents = new Map<string, Uint8Array>();
  for (const { name = "", path = "" } of helm.fileParameters ?? []) {
    const file = locateParameter(path, place);
    setFile.set(name, nameOf(file));
    setFileContents.set(nameOf(file), await contentOf(file, context, "failed parsing --set-file data: "));
  }
  const settings = (from: ReadonlyMap<string, string>) =>
    [...from].map(([name, value]) => `${name}=${escapeCommas(value)}`);
  return {
    files,
    ...(helm.valuesObject !== undefined && { object: helm.valuesObject }),
    set: settings(set),
    setString: settings(setString),
    setFile: settings(setFile),
    setFileContents,
  };
}

function locateParameter(path: string, context: Parameters<typeof locate>[1]): ValueFile {
  try {
    return locate(path, context);
  } catch (error) {
    throw new Error(`error resolving helm value file path: ${errorText(error)}`);
  }
}

function nameOf(file: ValueFile): string {
  if ("url" in file) return file.url;
  return file.tree.startsWith("$") ? `${file.tree}/${file.path}` : file.path;
}

async function contentOf(file: ValueFile, context: RenderContext, what: string): Promise<Uint8Array> {
  if ("url" in file) {
    context.onOutside(file.url);
    const { status, body } = await context.services.fetchUrl(file.url, context.signal);
    if (status >= 200 && status <= 299) return body;
    throw new Error(
      `failed to execute helm template command: Error: failed to fetch ${shownUrl(file.url)} : HTTP ${status}`,
    );
  }
  const bytes = await context.files.read(file);
  if (bytes !== undefined) return bytes;
  throw new SourceError(
    `failed to execute helm template command: Error: ${what}open ${nameOf(file)}: no such file or directory`,
  );
}

/** A comma separates settings, unless the whole value is a list, or somebody has escaped it already. */
export function escapeCommas(value: string): string {
  if (value.startsWith("{") && value.endsWith("}")) return value;
  return value.replace(/(?<!\\),/g, "\\,");
}

async function buildDependencies(
  files: ReadonlyMap<string, Uint8Array>,
  helm: HelmSource,
  context: RenderContext,
): Promise<Map<string, Uint8Array>> {
  const known = await context.services.repositories(context.app.project);
  const outside = new Error("a dependency of the chart lies outside of the repository");
  const directory = async (path: string) => {
    const at = posix.normalize(posix.isAbsolute(path) ? `.${path}` : posix.join(context.place.path || ".", path));
    if (at === ".." || at.startsWith("../")) throw outside;
    const place = { tree: context.place.tree, path: at };
    const items = await context.files.files(place);
    return items === undefined ? undefined : await readAll(items, { ...context, place });
  };
  context.onOutside("dependencies");
  try {
    return await context.services.charts.buildDependencies(
      files,
      {
        repositories: known.repositories,
        credentialsFor: (url) => findRepository(url, known),
        directory,
        passCredentials: helm.passCredentials === true,
        refresh: context.refresh,
      },
      context.signal,
    );
  } catch (error) {
    const forbidden = isUnreachable(error) ? forbiddenRepositories(files, context) : [];
    if (forbidden.length > 0) {
      const { project } = context.app;
      throw new ForbiddenSourceError(`helm repos ${forbidden.join(", ")} are not permitted in project '${project}'`);
    }
    throw new Error(`error building helm chart dependencies: failed to build helm dependencies: ${errorText(error)}`);
  }
}

function isUnreachable(error: unknown): boolean {
  return /is not a valid chart repository or cannot be reached|could not download/.test(errorText(error));
}

/** The repositories that a chart depends on and its project does not permit; they may have been made out of reach for that. */
function forbiddenRepositories(files: ReadonlyMap<string, Uint8Array>, { app }: RenderContext): string[] {
  const description = parseYaml(decoder.decode(files.get("Chart.yaml")));
  const urls = listAt(description, "dependencies").map((dependency) => textAt(dependency, "repository"));
  const remote = urls.filter((url) => /^(https|oci):\/\//.test(url)).map((url) => url.replace(/^oci:\/\//, ""));
  return [...new Set(remote)].filter((url) => app.permits?.(url) === false);
}
