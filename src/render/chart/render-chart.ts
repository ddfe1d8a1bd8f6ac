import { type JsonObject, quoteGo } from "../../apimachinery/index.ts";
import type { Manifest } from "../directory.ts";
import { ChartValues } from "../template/chart-values.ts";
import { GoError } from "../template/go-error.ts";
import type { RenderLimits, RenderOptions } from "../template/run.ts";
import { type GoMap, goInt, newMap } from "../template/values.ts";
import { capabilitiesFor, defaultKubeVersion, normalizeKubeVersion } from "./capabilities.ts";
import type { Chart } from "./chart.ts";
import { ChartError } from "./chart-error.ts";
import { ChartNode } from "./chart-node.ts";
import { coalesceValues } from "./coalesce.ts";
import { checkDependencies, chooseCharts, importValues, isCompatible } from "./dependencies.ts";
import { type HelmValues, mergeValues } from "./helm-values.ts";
import { ManifestOutput } from "./manifest-output.ts";
import { type RenderedHook, sortManifests } from "./manifests.ts";
import { type RemoteSchemas, validateValues } from "./schema/validate-values.ts";
import { createSeededRandom } from "./seeded-random.ts";
import { templatesOf } from "./template-data.ts";

/**
 * What `helm template` is told. All but the functions is plain data.
 *
 * @property releaseName `release-name` when absent
 * @property namespace `default` when absent
 * @property kubeVersion `--kube-version`; v1.35.0 when absent, as in Helm 4.1.4
 * @property apiVersions `--api-versions`: added to those that Helm knows, or with `onlyApiVersions` all there are
 * @property showOnly `--show-only`: patterns for paths of templates in the chart
 * @property skipHooks `--no-hooks`
 * @property remoteSchemas what the charts' schemas refer to by http: see `Chart.schemaUrls`
 * @property releaseRevision 1 when absent
 * @property now milliseconds since 1970
 * @property random secure bytes for passwords and keys; not asked when there is a `seed`
 * @property seed makes random functions give the same for the same seed, template by template
 * @property lookup what is in the cluster; when absent nothing is, as for `helm template`
 * @property limits what one template may cost
 * @property onTemplate told of each template before it runs, so that somebody can say which one does not end
 */
export type HelmOptions = {
  readonly releaseName?: string;
  readonly namespace?: string;
  readonly values?: HelmValues;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly onlyApiVersions?: boolean;
  readonly includeCrds?: boolean;
  readonly skipTests?: boolean;
  readonly skipHooks?: boolean;
  readonly skipSchemaValidation?: boolean;
  readonly remoteSchemas?: RemoteSchemas;
  readonly isUpgrade?: boolean;
  readonly showOnly?: readonly string[];
  readonly releaseRevision?: number;
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  readonly seed?: string;
  readonly lookup?: (apiVersion: string, kind: string, namespace: string, name: string) => JsonObject;
  readonly limits?: Partial<RenderLimits>;
  readonly onTemplate?: (template: string) => void;
};

/** A file of `crds/`; it is no template. */
export type RenderedCrd = { readonly file: string; readonly text: string };

/**
 * A chart, rendered.
 *
 * @property manifest what `helm template` prints, byte for byte
 * @property manifests the objects in it, in its order. Reading it throws a `RenderError` where there is no object
 * @property hooks all hooks, in the order in which they are printed
 * @property crds the CRDs of the chart and of those in it, whether or not they are in `manifest`
 * @property notes the text of NOTES.txt
 * @property warnings what Helm logs, each once
 */
export type RenderedChart = {
  readonly manifest: string;
  readonly manifests: Manifest[];
  readonly hooks: readonly RenderedHook[];
  readonly crds: readonly RenderedCrd[];
  readonly notes: string;
  readonly warnings: readonly string[];
};

/**
 * Renders a chart as `helm template` of Helm 4.1.4 does.
 *
 * @throws {ChartError} for what is wrong with values or chart, {TemplateError} for a template; messages are Helm's own
 */
export function renderChart(chart: Chart, options: HelmOptions): RenderedChart {
  const warnings = new Set<string>(chart.contents.warnings);
  const warn = (warning: string) => {
    warnings.add(warning);
  };
  const { releaseName = "release-name" } = options;
  const kube = kubeVersionOf(options);
  const given = mergeValues(options.values ?? {}, (text) => chart.memory.valuesOf(text));
  if (chart.type === "library") throw new ChartError("library charts are not installable");
  if (chart.deprecated) warn("this chart is deprecated");
  const root = ChartNode.of(chart);
  checkDependencies(root);
  checkReleaseName(releaseName);
  explainProcessing(() => chooseCharts(root, given, warn));
  importValues(root, warn);
  const values = coalesceValues(root, given, { keepNulls: false, warn });
  if (options.skipSchemaValidation !== true) {
    validateValues(root, values, chart.memory, options.remoteSchemas ?? new Map(), warn);
  }
  if (chart.kubeVersion !== "" && !isCompatible(chart.kubeVersion, kube.normalized)) {
    throw new ChartError(
      `chart requires kubeVersion: ${chart.kubeVersion} which is incompatible with Kubernetes ${kube.version}`,
      { debuggable: true },
    );
  }
  const rendered = renderTemplates(root, values, kube, options);
  const notes = takeNotes(rendered, chart.name);
  const { manifests, hooks } = sortManifests(rendered, chart.memory, warn);
  const crds = crdsOf(root);
  const output = new ManifestOutput();
  if (options.includeCrds === true) for (const { file, text } of crds) output.add(file, text);
  for (const { file, text, line, value } of manifests) output.add(file, text, { line, value });
  output.endManifests();
  for (const { file, text, line, value, events } of options.skipHooks === true ? [] : hooks) {
    if (options.skipTests !== true || !events.includes("test")) output.add(file, text, { line, value });
  }
  const shown = options.showOnly?.length ? output.only(options.showOnly) : output;
  return {
    get manifest() {
      return shown.text;
    },
    get manifests() {
      return shown.manifests();
    },
    hooks,
    crds,
    notes,
    warnings: [...warnings],
  };
}

type KubeVersion = { readonly version: string; readonly normalized: string };

function kubeVersionOf({ kubeVersion: version = defaultKubeVersion }: HelmOptions): KubeVersion {
  try {
    return { version: version.startsWith("v") ? version : `v${version}`, normalized: normalizeKubeVersion(version) };
  } catch (cause) {
    if (!(cause instanceof GoError)) throw cause;
    throw new ChartError(`invalid kube version '${version}': ${cause.message}`, { cause });
  }
}

/** Release names end up in names of objects, which have 63 characters at most: Helm leaves ten for what charts add. */
const releaseNameMax = 53;
const releaseNamePattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const releaseName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function checkReleaseName(name: string): void {
  if (name !== "" && name.length <= releaseNameMax && releaseName.test(name)) return;
  const rule = `must match regex ${releaseNamePattern} and the length must not be longer than ${releaseNameMax}`;
  const why = name === "" ? "no name provided" : `invalid release name, ${rule}`;
  throw new ChartError(`release name check failed: release name ${quoteGo(name)}: ${why}`);
}

function explainProcessing(act: () => void): void {
  try {
    act();
  } catch (cause) {
    if (!(cause instanceof ChartError)) throw cause;
    throw new ChartError(`chart dependencies processing failed: ${cause.message}`, { cause });
  }
}

/** Renders all templates of a tree. @returns texts by the name of the template */
function renderTemplates(
  root: ChartNode,
  values: GoMap,
  { version }: KubeVersion,
  options: HelmOptions,
): Map<string, string> {
  const { isUpgrade = false } = options;
  const release = newMap();
  release["Name"] = options.releaseName ?? "release-name";
  release["Namespace"] = options.namespace ?? "default";
  release["IsUpgrade"] = isUpgrade;
  release["IsInstall"] = !isUpgrade;
  release["Revision"] = goInt(options.releaseRevision ?? 1);
  release["Service"] = "Helm";
  const capabilities = capabilitiesFor(version, options.apiVersions ?? [], options.onlyApiVersions === true);
  const templates = templatesOf(root, { values, release, capabilities });
  const bundle = root.chart.memory.bundleOf(templates);
  const rendered = new Map<string, string>();
  for (const name of bundle.names) {
    const template = templates.get(name);
    if (template === undefined) continue;
    const { data, basePath } = template;
    data["Template"] = new ChartValues(mapOf({ Name: name, BasePath: basePath }));
    options.onTemplate?.(name);
    rendered.set(name, bundle.render(name, data, renderOptionsFor(name, options)));
  }
  return rendered;
}

function renderOptionsFor(template: string, options: HelmOptions): RenderOptions {
  const { now, seed, lookup, limits } = options;
  // Each template has a sequence of its own, so that a change of one does not change what others get.
  const random = seed === undefined ? options.random : createSeededRandom(`${seed}\0${template}`);
  return { now, random, systemKeys: seed === undefined, ...(lookup && { lookup }), ...(limits && { limits }) };
}

/** Takes NOTES.txt away, also those of charts inside, whose text nobody asks for. @returns that of the chart itself */
function takeNotes(rendered: Map<string, string>, chart: string): string {
  const own = rendered.get(`${chart}/templates/NOTES.txt`) ?? "";
  for (const name of [...rendered.keys()]) if (name.endsWith("NOTES.txt")) rendered.delete(name);
  return own;
}

function crdsOf(node: ChartNode): RenderedCrd[] {
  const own = node.chart.crds.map(({ path, text }) => ({ file: `${node.path}/${path}`, text }));
  return [...own, ...node.charts.flatMap(crdsOf)];
}

function mapOf(entries: Readonly<Record<string, string>>): GoMap {
  return Object.assign(newMap(), entries);
}
