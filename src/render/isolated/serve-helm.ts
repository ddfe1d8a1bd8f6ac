import { randomBytes } from "node:crypto";
import { serialize } from "node:v8";
import { isFields, type JsonObject } from "../../apimachinery/index.ts";
import type { RenderedHook } from "../chart/manifests.ts";
import { type HelmOptions, type RenderedChart, type RenderedCrd, renderChart } from "../chart/render-chart.ts";
import type { ChartBytes } from "./chart-shelf.ts";
import { type ErrorData, errorToData } from "./error-data.ts";
import type { JobContext } from "./serve-jobs.ts";

/**
 * @property digest names the content of the chart
 * @property now milliseconds since 1970
 * @property hasLookup whether the other process answers `lookup`
 */
export type HelmInput = {
  digest: string;
  options: Omit<HelmOptions, "now" | "random" | "lookup" | "onTemplate">;
  now: number;
  hasLookup: boolean;
};

/**
 * A rendered chart as plain data.
 *
 * @property manifests in the format of `node:v8`, or why there are none
 * @property isConstant whether the chart has asked for nothing that could be different next time: the time, chance, the cluster
 */
export type HelmResult = {
  manifest: string;
  manifests: Uint8Array | ErrorData;
  hooks: readonly RenderedHook[];
  crds: readonly RenderedCrd[];
  notes: string;
  warnings: readonly string[];
  isConstant: boolean;
};

/** Renders a chart in the process that is there for it. */
export function serveHelm(input: HelmInput, context: JobContext): HelmResult {
  const { rendered, isConstant } = renderFor(input, context);
  const { manifest, hooks, crds, notes, warnings } = rendered;
  return { manifest, manifests: listOf(() => rendered.manifests), hooks, crds, notes, warnings, isConstant };
}

/** What the chart asks for is asked of the other process; where rendering is, is told to it. */
export function renderFor(
  { digest, options, now, hasLookup }: HelmInput,
  { shelf, call, at }: JobContext,
): { rendered: RenderedChart; isConstant: boolean } {
  at("", "");
  const chart = shelf.get(digest, () => call("content", digest) as ChartBytes);
  const name = `${chart.name} ${chart.version}`;
  at(name, "");
  let isConstant = true;
  const lookup = (...place: string[]): JsonObject => {
    isConstant = false;
    const found = call("lookup", ...place);
    return isFields(found) ? (found as JsonObject) : {};
  };
  const rendered = renderChart(chart, {
    ...options,
    now() {
      isConstant = false;
      return now;
    },
    random(size) {
      isConstant = false;
      return randomBytes(size);
    },
    ...(hasLookup ? { lookup } : {}),
    onTemplate: (template) => at(name, template),
  });
  at(name, "");
  return { rendered, isConstant };
}

function listOf(read: () => unknown): Uint8Array | ErrorData {
  try {
    return serialize(read());
  } catch (error) {
    return errorToData(error);
  }
}
