import { deserialize } from "node:v8";
import type { JsonObject } from "../../apimachinery/index.ts";
import { ChartError } from "../chart/chart-error.ts";
import type { HelmOptions, RenderedChart } from "../chart/render-chart.ts";
import type { Manifest } from "../directory.ts";
import type { BuiltKustomization, KustomizeOptions } from "../kustomize/build.ts";
import type { HelmTemplateRequest, KustomizeHelm } from "../kustomize/helm-charts.ts";
import { KustomizeError } from "../kustomize/kustomize-error.ts";
import type { KustomizeFiles, KustomizeRemote } from "../kustomize/loader.ts";
import { TemplateError } from "../template/compile-templates.ts";
import type { ChartBytes } from "./chart-shelf.ts";
import { errorFromData } from "./error-data.ts";
import { answerLookup, inputOf, kustomizeCalls } from "./job-calls.ts";
import { createPool, type PoolLimits } from "./pool.ts";
import { type Calls, type ProcessLimits, StoppedError } from "./render-process.ts";
import { createResultMemory, resultKey } from "./result-memory.ts";
import type { HelmResult } from "./serve-helm.ts";
import type { KustomizeInput, KustomizeResult } from "./serve-kustomize.ts";

/**
 * A chart to be rendered.
 *
 * @property digest names the content: no two contents may have the same
 * @property content the archive, or the files of the directory by path relative to it; asked for when a process does not have it
 */
export type ChartContent = {
  digest: string;
  content: () => Promise<ChartBytes>;
};

/** What `renderChart` is told, with a moment in place of a clock, and a cluster that may take its time to answer. */
export type IsolatedHelmOptions = Omit<HelmOptions, "now" | "random" | "lookup" | "onTemplate"> & {
  /** Milliseconds since 1970. */
  now: number;
  lookup?: (apiVersion: string, kind: string, namespace: string, name: string) => Promise<JsonObject>;
};

/** What `buildKustomization` is told, but for what is not plain data. */
export type IsolatedKustomizeOptions = Omit<KustomizeOptions, "remote" | "helm">;

/** The charts of a kustomization: they are rendered in the same process. */
export type IsolatedCharts = Pick<KustomizeHelm, "pull"> & {
  chart(request: HelmTemplateRequest): Promise<{ chart: ChartContent; options: IsolatedHelmOptions }>;
};

/** A kustomization to be built; `remote` and `charts` as for `buildKustomization`, where they may be absent too. */
export type KustomizeRequest = {
  files: KustomizeFiles;
  root: string;
  options?: IsolatedKustomizeOptions;
  remote?: KustomizeRemote;
  charts?: IsolatedCharts;
};

/**
 * Renders what nobody has looked at: in processes of their own, which are ended when they take too long or too much memory.
 * Other renders, and this process, go on. A thread would not do: where V8 is out of memory in the middle of an operation, it
 * ends the process, whichever thread it was.
 */
export type Renderer = AsyncDisposable & {
  /**
   * Renders a chart as `renderChart` does. Secure random values come from the other process, unless there is a `seed`.
   *
   * @param signal gives up waiting
   * @returns of which every reading of `manifests` gives objects of its own
   * @throws {ChartError} {TemplateError} also when it was stopped; the message names chart and template
   */
  helm(request: { chart: ChartContent; options: IsolatedHelmOptions }, signal?: AbortSignal): Promise<RenderedChart>;
  /**
   * Builds a kustomization as `buildKustomization` does.
   *
   * @throws {KustomizeError} also when it was stopped; for a template of a chart in it a {TemplateError}
   */
  kustomize(request: KustomizeRequest, signal?: AbortSignal): Promise<BuiltKustomization>;
};

/**
 * @property timeoutMs for one render, without the time in which it waits for content or the cluster
 * @property resultBytes of results that are remembered while processes are there
 */
export type RendererLimits = ProcessLimits & PoolLimits & { resultBytes: number };

/** Twenty times what the largest public charts need, on a machine as slow as that of a small virtual server. */
const defaultLimits: RendererLimits = {
  heapMb: 512,
  stackMb: 4,
  timeoutMs: 30_000,
  cacheBytes: 16 * 2 ** 20,
  resultBytes: 16 * 2 ** 20,
  workers: 2,
  waitingMax: 10_000,
  idleMs: 30_000,
};

/** Starts no process before something is to be rendered, and ends those that have had nothing to do for a while. */
export function createRenderer(options: Partial<RendererLimits> = {}): Renderer {
  const limits = { ...defaultLimits, ...options };
  const results = createResultMemory(limits.resultBytes);
  const pool = createPool(limits, { onEmpty: () => results.clear() });

  return {
    async helm({ chart, options }, signal) {
      const input = inputOf(chart, options);
      const key = resultKey(input);
      const known = results.get(key);
      if (known !== undefined) return renderedChart(known);
      const calls: Calls = { content: chart.content, lookup: answerLookup(options) };
      const done = pool.run("helm", input, calls, signal);
      const result = (await explained(
        done,
        limits,
        (why) => new ChartError(`Cannot load a chart: ${why}`),
      )) as HelmResult;
      results.add(key, result);
      return renderedChart(result);
    },

    async kustomize({ root, options = {}, remote, charts, files }, signal) {
      const input: KustomizeInput = { root, options, hasRemote: remote !== undefined, hasCharts: charts !== undefined };
      const done = pool.run("kustomize", input, kustomizeCalls(files, remote, charts), signal);
      const place = root === "" ? "the kustomization" : root;
      const stopped = (why: string) => new KustomizeError(`Cannot build ${place}: ${why}`);
      const { manifests, warnings } = (await explained(done, limits, stopped)) as KustomizeResult;
      return { manifests: deserialize(manifests), warnings };
    },

    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function renderedChart({ isConstant: _, manifests, ...rest }: HelmResult): RenderedChart {
  return {
    ...rest,
    get manifests(): Manifest[] {
      if (manifests instanceof Uint8Array) return deserialize(manifests);
      throw errorFromData(manifests);
    },
  };
}

/** Says what a process was at when it had to be ended. @param otherwise when that was no chart */
async function explained<T>(
  result: Promise<T>,
  { timeoutMs, heapMb }: RendererLimits,
  otherwise: (why: string) => Error,
): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    const { chart, template } = error;
    const reasons = {
      time: `it takes more than ${timeoutMs / 1000} s`,
      memory: `it needs more than ${heapMb} MB of memory`,
      end: error.message,
    };
    const why = reasons[error.why];
    if (template !== "")
      throw new TemplateError(template, `Cannot render ${template} of chart ${chart}: ${why}`, error);
    if (chart !== "") throw new ChartError(`Cannot render chart ${chart}: ${why}`, { cause: error });
    throw otherwise(why);
  }
}
