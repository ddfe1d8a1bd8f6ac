import type { KustomizeFiles, KustomizeRemote } from "../kustomize/loader.ts";
import type { Calls } from "./render-process.ts";
import type { ChartContent, IsolatedCharts, IsolatedHelmOptions } from "./renderer.ts";
import type { HelmInput } from "./serve-helm.ts";
import type { ChartQuestion } from "./serve-kustomize.ts";

/** What a process is told about a chart; the rest it asks for. */
export function inputOf(chart: ChartContent, options: IsolatedHelmOptions): HelmInput {
  const { now, lookup, ...data } = options;
  return { digest: chart.digest, options: data, now, hasLookup: lookup !== undefined };
}

/** Answers `lookup` of a template. */
export function answerLookup({ lookup }: IsolatedHelmOptions): Calls[string] {
  return async (...args) => {
    const [apiVersion = "", kind = "", namespace = "", name = ""] = args.map(String);
    return await lookup?.(apiVersion, kind, namespace, name);
  };
}

/** Answers what a kustomization asks for. Trees are known to the other process by their number. */
export function kustomizeCalls(
  files: KustomizeFiles,
  remote: KustomizeRemote | undefined,
  charts: IsolatedCharts | undefined,
): Calls {
  const trees = [files];
  const add = (tree: KustomizeFiles | undefined) => (tree === undefined ? undefined : trees.push(tree) - 1);
  const treeAt = (number: unknown): KustomizeFiles => trees[Number(number)] ?? files;
  let current: { chart: ChartContent; options: IsolatedHelmOptions } | undefined;
  return {
    read: async (tree, path) => await treeAt(tree).read(String(path)),
    kind: async (tree, path) => await treeAt(tree).kind(String(path)),
    clone: async (repository) => add(await remote?.clone(repository as Parameters<KustomizeRemote["clone"]>[0])),
    download: async (url) => await remote?.download(String(url)),
    pull: async (chart) => add(await charts?.pull(chart as Parameters<IsolatedCharts["pull"]>[0])),
    async chart(question) {
      const request = question as ChartQuestion;
      current = await charts?.chart({ ...request, files: treeAt(request.files) });
      return current && inputOf(current.chart, current.options);
    },
    content: async () => await current?.chart.content(),
    lookup: async (...args) => current && (await answerLookup(current.options)?.(...args)),
  };
}
