import { posix } from "node:path";
import { stringifyYaml } from "../../apimachinery/index.ts";
import type { HelmChart } from "./kustomization.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import type { KustomizeFiles, Loader } from "./loader.ts";
import { mergeNodes } from "./merge.ts";
import { fromJson, isMap, type Node, toJson } from "./node.ts";
import { readDocuments } from "./read-nodes.ts";

/** Renders the charts of `helmCharts`. */
export type KustomizeHelm = {
  /** Downloads a chart. @returns a tree whose root is the chart's */
  pull(chart: {
    readonly name: string;
    readonly repository: string;
    readonly version: string;
    readonly devel: boolean;
  }): Promise<KustomizeFiles>;
  /** Renders a chart. @returns what `helm template` writes to its standard output */
  template(request: HelmTemplateRequest): Promise<string>;
};

/** What `helm template` is asked for. */
export type HelmTemplateRequest = {
  /** The chart is in the directory `chart` of this tree. */
  readonly files: KustomizeFiles;
  readonly chart: string;
  readonly chartName: string;
  readonly version: string;
  /** Empty for one that Helm makes up. */
  readonly releaseName: string;
  readonly namespace: string;
  readonly nameTemplate: string;
  /** Files of values, the later ones win. */
  readonly values: readonly { readonly name: string; readonly text: string }[];
  readonly apiVersions: readonly string[];
  readonly kubeVersion: string;
  readonly includeCrds: boolean;
  readonly skipTests: boolean;
  readonly skipHooks: boolean;
};

export type HelmChartOptions = {
  readonly enableHelm: boolean;
  readonly helm: KustomizeHelm | undefined;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
};

/** Checks what a chart is configured with. @throws {KustomizeError} */
export async function checkChart(chart: HelmChart, options: HelmChartOptions, loader: Loader): Promise<void> {
  if (!options.enableHelm) throw new KustomizeError("must specify --enable-helm");
  if (options.helm === undefined) throw new KustomizeError("charts cannot be rendered here");
  if (!chart.name) throw new KustomizeError("chart name cannot be empty");
  for (const file of chart.additionalValuesFiles ?? []) {
    try {
      await loader.read(file);
    } catch (error) {
      throw prefixed("could not load additionalValuesFile", error);
    }
  }
  if (!["", "merge", "override", "replace"].includes(chart.valuesMerge ?? "")) {
    throw new KustomizeError("valuesMerge must be one of [merge override replace]");
  }
}

/** Renders a chart that is in the tree, or is pulled from its repository. @throws {KustomizeError} */
export async function inflateChart(chart: HelmChart, options: HelmChartOptions, loader: Loader): Promise<string> {
  const { helm } = options;
  if (helm === undefined) throw new KustomizeError("charts cannot be rendered here");
  const { name = "", version = "", repo = "" } = chart;
  const isVersioned = version !== "" && repo !== "";
  const home = posix.join(chart.chartHome || "charts", isVersioned ? `${name}-${version}` : "");
  const local = posix.join(home, name);
  const isLocal = (await loader.kindOf(local)) === "directory";
  if (!isLocal && repo === "") {
    throw new KustomizeError("no repo specified for pull, no chart found at ''");
  }
  const files = isLocal
    ? loader.files
    : await fail("pull", () => helm.pull({ name, repository: repo, version, devel: chart.devel ?? false }));
  const directory = isLocal ? (loader.pathInTree(local) ?? "") : "";
  const values = [await mainValues(chart, loader, files, directory)];
  for (const file of chart.additionalValuesFiles ?? []) values.push({ name: file, text: await loader.readText(file) });
  return await fail("template", () =>
    helm.template({
      files,
      chart: directory,
      chartName: name,
      version,
      releaseName: chart.releaseName ?? "",
      namespace: chart.namespace ?? "",
      nameTemplate: chart.nameTemplate ?? "",
      values,
      apiVersions: chart.apiVersions ?? options.apiVersions,
      kubeVersion: chart.kubeVersion || options.kubeVersion,
      includeCrds: chart.includeCRDs ?? false,
      skipTests: chart.skipTests ?? false,
      skipHooks: chart.skipHooks ?? false,
    }),
  );
}

async function fail<T>(verb: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof KustomizeError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new KustomizeError(`unable to run: 'helm ${verb}': ${why}`, { cause: error });
  }
}

const decoder = new TextDecoder("utf-8");

/** The values file, by default that of the chart, and what `valuesInline` says, one over the other. */
async function mainValues(
  chart: HelmChart,
  loader: Loader,
  files: KustomizeFiles,
  directory: string,
): Promise<{ name: string; text: string }> {
  const { valuesFile, valuesInline, valuesMerge } = chart;
  const isInline = valuesInline !== undefined && Object.keys(valuesInline).length > 0;
  const name = `${chart.name ?? ""}-kustomize-values.yaml`;
  if (isInline && valuesMerge === "replace") return { name, text: stringifyYaml(valuesInline) };
  const text = valuesFile ? await loader.readText(valuesFile) : await chartValues(files, directory, loader);
  if (!isInline) return { name, text };
  const inline = fromJson(valuesInline);
  const own = readDocuments(text)[0]?.node ?? new Map<string, Node>();
  const isMerge = valuesMerge === "merge";
  let merged: Node | undefined;
  try {
    merged = mergeNodes(isMerge ? inline : own, isMerge ? own : inline, { openApi: undefined, prepend: false });
  } catch (error) {
    throw prefixed("could not merge values", error);
  }
  return { name, text: isMap(merged) ? stringifyYaml(toJson(merged)) : "{}\n" };
}

async function chartValues(files: KustomizeFiles, directory: string, loader: Loader): Promise<string> {
  const path = posix.join(directory, "values.yaml");
  const bytes = await files.read(path);
  if (bytes !== undefined) return decoder.decode(bytes);
  const name = posix.join(loader.root, path);
  throw new KustomizeError(`evalsymlink failure on '${name}' : lstat ${name}: no such file or directory`);
}
