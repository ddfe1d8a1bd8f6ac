import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../apimachinery/index.ts";
import {
  buildKustomization,
  type Chart,
  type IsolatedHelmOptions,
  loadChart,
  loadChartArchive,
  type RenderedChart,
  type Renderer,
  renderChart,
} from "../../render/index.ts";
import type { SourceServices } from "./services.ts";

/** Charts that are kept compiled: as many as one command or test works with. */
const chartsMax = 16;
/** What is looked up can depend on what was found before; a chart that goes on like this never ends. */
const lookupRoundsMax = 50;

/** Renders in the caller's own thread, for commands that end anyway and for tests. */
export function createInlineRenderer(): SourceServices["renderer"] {
  const known = new Map<string, Chart>();
  const helm: Renderer["helm"] = async ({ chart: { digest, content }, options }) => {
    const chart = known.get(digest) ?? loaded(await content());
    known.delete(digest);
    known.set(digest, chart);
    const [oldest] = known.size > chartsMax ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    return await renderWithLookups(chart, options);
  };
  return {
    helm,
    async kustomize({ files, root, options = {}, remote, charts }) {
      const inflating = charts && {
        pull: charts.pull,
        template: async (request: Parameters<typeof charts.chart>[0]) =>
          (await helm(await charts.chart(request))).manifest,
      };
      return await buildKustomization(files, root, {
        ...options,
        ...(remote !== undefined && { remote }),
        ...(inflating !== undefined && { helm: inflating }),
      });
    },
  };
}

function loaded(content: Uint8Array | ReadonlyMap<string, Uint8Array>): Chart {
  return content instanceof Uint8Array ? loadChartArchive(content) : loadChart(content);
}

/** A template cannot wait for the cluster: what it asks for is fetched, and then it is rendered again. */
async function renderWithLookups(chart: Chart, { now, lookup, ...plain }: IsolatedHelmOptions): Promise<RenderedChart> {
  const sync = { ...plain, now: () => now, random: (size: number) => randomBytes(size) };
  if (lookup === undefined) return renderChart(chart, sync);
  const found = new Map<string, JsonObject>();
  for (let round = 0; round < lookupRoundsMax; round++) {
    const missing = new Map<string, readonly [string, string, string, string]>();
    const result = attempt(() =>
      renderChart(chart, {
        ...sync,
        lookup: (...query) => {
          const key = JSON.stringify(query);
          const known = found.get(key);
          if (known === undefined) missing.set(key, query);
          return known ?? {};
        },
      }),
    );
    if (missing.size === 0) return result();
    for (const [key, query] of missing) found.set(key, await lookup(...query));
  }
  throw new Error(`the chart looked up other objects ${lookupRoundsMax} times`);
}

/** Keeps an error for later: it may come from what was not found yet. */
function attempt<T>(task: () => T): () => T {
  try {
    const value = task();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
