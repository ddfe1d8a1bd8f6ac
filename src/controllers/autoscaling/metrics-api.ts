import {
  formatLabelSelector,
  isStatusError,
  itemsAt,
  type LabelSelector,
  listAt,
  parseApiVersion,
  selectorFromObject,
  textAt,
  valueAt,
} from "../../apimachinery/index.ts";
import { parseGoDurationMs } from "../../apis/index.ts";
import { type Client, type Resource, resourcePath } from "../../client/index.ts";
import { findResources, type TargetReference } from "../scale-target.ts";
import type { MetricIdentifier } from "./kinds.ts";
import { milliValue, type PodMetric, type PodMetrics } from "./usage.ts";
import { wordsOf } from "./words.ts";

const podMetrics: Resource = {
  group: "metrics.k8s.io",
  version: "v1beta1",
  resource: "pods",
  kind: "PodMetrics",
  namespaced: true,
};
const customGroup = "custom.metrics.k8s.io";
/** What the metrics server measures over, when a custom metric does not say. */
const defaultWindowMs = 60_000;

/** Metrics as the cluster has them; values in thousandths. Each throws `Error` in the words of kube-controller-manager. */
export type MetricsApi = {
  resource(namespace: string, selector: LabelSelector, resource: string, container: string): Promise<PodMetrics>;
  pods(namespace: string, selector: LabelSelector, metric: MetricIdentifier): Promise<PodMetrics>;
  object(namespace: string, object: TargetReference, metric: MetricIdentifier): Promise<number>;
  external(namespace: string, metric: MetricIdentifier): Promise<number[]>;
};

export function openMetricsApi(client: Client): MetricsApi {
  const customVersion = async (): Promise<string> => {
    const group = await client.raw(`/apis/${customGroup}`).catch((error: unknown) => {
      if (isStatusError(error, "NotFound"))
        throw new Error(`no custom metrics API (${customGroup}) registered`, { cause: error });
      throw error;
    });
    const offered = itemsAt(group, "versions").map((version) => textAt(version, "version"));
    return ["v1beta2", "v1beta1"].find((version) => offered.includes(version)) ?? "v1beta1";
  };
  const custom = async (path: string, parameters: Record<string, string>): Promise<unknown[]> => {
    const answer = await fetching("custom", async () => {
      const version = await customVersion();
      return await client.raw(`/apis/${customGroup}/${version}/${path}${queryOf(parameters)}`);
    });
    const items = listAt(answer, "items");
    if (items.length === 0) throw new Error("no metrics returned from custom metrics API");
    return items;
  };
  return {
    async resource(namespace, selector, resource, container) {
      const labelSelector = formatLabelSelector(selector);
      const { items } = await fetching("resource", async () =>
        client.list(podMetrics, { namespace, labelSelector }).catch((error: unknown) => {
          throw isStatusError(error, "NotFound") ? unknownResource("pods.metrics.k8s.io") : error;
        }),
      );
      if (items.length === 0) throw new Error("no metrics returned from resource metrics API");
      return new Map(
        items.flatMap((item) => {
          const metric = usageOf(item, resource, container);
          return metric === undefined ? [] : [[item.metadata.name ?? "", metric] as const];
        }),
      );
    },
    async pods(namespace, selector, { name, selector: metricSelector }) {
      const path = `namespaces/${namespace}/pods/*/${name}`;
      const labelSelector = formatLabelSelector(selector);
      const items = await custom(path, { labelSelector, ...metricSelectorOf(metricSelector) });
      return new Map(items.map((item) => [textAt(item, "describedObject", "name"), customValue(item)]));
    },
    async object(namespace, { apiVersion = "", kind, name }, { name: metric, selector }) {
      const { group } = parseApiVersion(apiVersion);
      const isNamespace = kind === "Namespace" && group === "";
      const [found] = isNamespace ? [] : await findResources(client, { group, kind });
      const resource = group === "" ? found?.resource : `${found?.resource}.${group}`;
      const path = isNamespace
        ? `namespaces/${namespace}/metrics/${metric}`
        : `namespaces/${namespace}/${resource}/${name}/${metric}`;
      const [item] = await custom(path, metricSelectorOf(selector));
      return customValue(item).value;
    },
    async external(namespace, { name, selector }) {
      const at = { group: "external.metrics.k8s.io", version: "v1beta1", resource: name, kind: "", namespaced: true };
      const labels: Record<string, string> =
        selector === undefined ? {} : { labelSelector: formatLabelSelector(selectorFromObject(selector)) };
      const answer = await fetching("external", async () =>
        client.raw(`${resourcePath(at, { namespace })}${queryOf(labels)}`).catch((error: unknown) => {
          throw isStatusError(error, "NotFound") ? unknownResource(`${name}.${at.group}`) : error;
        }),
      );
      const items = listAt(answer, "items");
      if (items.length === 0) throw new Error("no metrics returned from external metrics API");
      return items.map((item) => milliValue(valueAt(item, "value")));
    },
  };
}

async function fetching<T>(api: string, fetch: () => Promise<T>): Promise<T> {
  try {
    return await fetch();
  } catch (cause) {
    throw new Error(`unable to fetch metrics from ${api} metrics API: ${wordsOf(cause)}`, { cause });
  }
}

/** What client-go makes of a server that does not serve a path. */
function unknownResource(resource: string): Error {
  return new Error(`the server could not find the requested resource (get ${resource})`);
}

function usageOf(item: unknown, resource: string, container: string): PodMetric | undefined {
  const containers = itemsAt(item, "containers").filter(({ name }) => container === "" || name === container);
  const values = containers.map((each) => valueAt(each, "usage", resource));
  if (values.length === 0 || values.includes(undefined)) return undefined;
  const value = values.reduce((sum: number, each) => sum + milliValue(each), 0);
  return { value, timestampMs: Date.parse(textAt(item, "timestamp")) || 0, windowMs: spanMs(textAt(item, "window")) };
}

function customValue(item: unknown): PodMetric {
  const seconds = valueAt(item, "windowSeconds");
  return {
    value: milliValue(valueAt(item, "value")),
    timestampMs: Date.parse(textAt(item, "timestamp")) || 0,
    windowMs: typeof seconds === "number" ? seconds * 1000 : defaultWindowMs,
  };
}

/** A time span as Go writes it, like `1m30s`. */
function spanMs(text: string): number {
  const span = parseGoDurationMs(text);
  return typeof span === "number" ? span : 0;
}

function metricSelectorOf(selector: MetricIdentifier["selector"]): Record<string, string> {
  if (selector === undefined) return {};
  const text = formatLabelSelector(selectorFromObject(selector));
  return text === "" ? {} : { metricLabelSelector: text };
}

function queryOf(parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(parameters).toString();
  return query === "" ? "" : `?${query}`;
}
