import { type Fields, formatQuantity, type LabelSelector } from "../../apimachinery/index.ts";
import { formatSelector } from "../disruption/budget-status.ts";
import type { Pod } from "../workloads/kinds.ts";
import { isReady, phaseOf } from "../workloads/pods.ts";
import type { MetricSpec, MetricTarget } from "./kinds.ts";
import type { MetricsApi } from "./metrics-api.ts";
import { isWithinTolerance, milliValue, type Proposal, proposeReplicas, requestsOf } from "./usage.ts";
import { wordsOf } from "./words.ts";

/** What a metric of an autoscaler is measured for. */
export type Subject = {
  namespace: string;
  selector: LabelSelector;
  pods: readonly Pod[];
  /** As the target asks for them, and as it has them. */
  specReplicas: number;
  statusReplicas: number;
  now: Date;
};

/** The replicas that one metric asks for. */
export type Measured = { replicas: number; name: string; status: Fields };

/** A metric that cannot be had: the reason and message of the condition, and what the event about all metrics says of it. */
export class MetricError extends Error {
  readonly reason: string;
  readonly detail: string;

  constructor(reason: string, detail: string, message: string) {
    super(message);
    this.reason = reason;
    this.detail = detail;
  }
}

/** @throws {MetricError} */
export async function measureMetric(api: MetricsApi, spec: MetricSpec, subject: Subject): Promise<Measured> {
  const { resource, containerResource, pods, object, external } = spec;
  if (spec.type === "Resource" && resource !== undefined) {
    return await failing(
      "FailedGetResourceMetric",
      `failed to get ${resource.name} resource metric value`,
      async () => {
        const found = await measureResource(api, resource.name, "", resource.target, subject);
        const status = { type: spec.type, resource: { name: resource.name, current: found.current } };
        return { ...found, name: found.name("resource"), status };
      },
    );
  }
  if (spec.type === "ContainerResource" && containerResource !== undefined) {
    const { name, container, target } = containerResource;
    return await failing(
      "FailedGetContainerResourceMetric",
      `failed to get ${container} container metric value`,
      async () => {
        const found = await measureResource(api, name, container, target, subject);
        const status = { type: spec.type, containerResource: { name, container, current: found.current } };
        return { ...found, name: found.name("container resource"), status };
      },
    );
  }
  if (spec.type === "Pods" && pods !== undefined) {
    return await failing("FailedGetPodsMetric", "failed to get pods metric value", async () => {
      const { metric, target } = pods;
      const metrics = await wrapped(`unable to get metric ${metric.name}`, async () =>
        api.pods(subject.namespace, subject.selector, metric),
      );
      const goal = { kind: "average", target: milliValue(target.averageValue) } as const;
      const { replicas, average } = proposeReplicas(subject.pods, metrics, goal, "", subject.specReplicas, subject.now);
      const status = { type: spec.type, pods: { metric, current: { averageValue: decimal(average) } } };
      return { replicas, name: `pods metric ${metric.name}`, status };
    });
  }
  if (spec.type === "Object" && object !== undefined) return await measureObject(api, object, subject);
  if (spec.type === "External" && external !== undefined) return await measureExternal(api, external, subject);
  const message = `unknown metric source type ${JSON.stringify(spec.type)}`;
  throw new MetricError("InvalidMetricSourceType", message, message);
}

async function measureResource(
  api: MetricsApi,
  resource: string,
  container: string,
  { averageValue, averageUtilization }: MetricTarget,
  { namespace, selector, pods, specReplicas, now }: Subject,
) {
  const isAverage = averageValue !== undefined;
  if (!isAverage && averageUtilization === undefined)
    throw new Error(
      "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set",
    );
  return await wrapped(`failed to get ${resource} ${isAverage ? "usage" : "utilization"}`, async () => {
    const metrics = await wrapped(`unable to get metrics for resource ${resource}`, async () =>
      api.resource(namespace, selector, resource, container),
    );
    const goal = isAverage
      ? ({ kind: "average", target: milliValue(averageValue) } as const)
      : ({
          kind: "utilization",
          targetPercent: averageUtilization ?? 0,
          requests: () => requestsOf(pods, resource, container),
        } as const);
    const { replicas, average, utilization } = proposeReplicas(pods, metrics, goal, resource, specReplicas, now);
    const current = {
      averageValue: resource === "memory" ? formatMilli(average, "BinarySI") : decimal(average),
      ...(utilization !== undefined && { averageUtilization: utilization }),
    };
    const name = (kind: string) =>
      isAverage ? `${resource} resource` : `${resource} ${kind} utilization (percentage of request)`;
    return { replicas, current, name };
  });
}

type ObjectSpec = NonNullable<MetricSpec["object"]>;

async function measureObject(api: MetricsApi, object: ObjectSpec, subject: Subject): Promise<Measured> {
  const { metric, describedObject, target } = object;
  const { kind, name } = describedObject;
  const isValue = target.type === "Value" && target.value !== undefined;
  const isAverage = target.type === "AverageValue" && target.averageValue !== undefined;
  const detail = `failed to get object metric value${isAverage ? `: failed to get ${metric.name} object metric` : ""}`;
  return await failing("FailedGetObjectMetric", detail, async () => {
    if (!isValue && !isAverage)
      throw new Error("invalid object metric source: neither a value target nor an average value target was set");
    const usage = await api.object(subject.namespace, describedObject, metric).catch((cause: unknown) => {
      // Kubernetes puts the parts of this sentence in this order.
      const where = `${kind} on ${subject.namespace} ${name}/${wordsOf(cause)}`;
      throw new Error(`unable to get metric ${metric.name}: ${where}`, { cause });
    });
    const found = isValue
      ? byRatio(usage, milliValue(target.value), subject)
      : perPod(usage, milliValue(target.averageValue), subject);
    const current = isValue ? { value: decimal(found.average) } : { averageValue: decimal(found.average) };
    const status = { type: "Object", object: { describedObject, metric, current } };
    const text = isValue
      ? `${kind} metric ${metric.name}`
      : `external metric ${metric.name}(${formatSelector(metric.selector)})`;
    return { replicas: found.replicas, name: text, status };
  });
}

type ExternalSpec = NonNullable<MetricSpec["external"]>;

async function measureExternal(api: MetricsApi, external: ExternalSpec, subject: Subject): Promise<Measured> {
  const { metric, target } = external;
  const { namespace } = subject;
  const isAverage = target.averageValue !== undefined;
  const isValue = target.value !== undefined;
  const inner = isAverage
    ? `failed to get ${metric.name} external metric`
    : `failed to get external metric ${metric.name}`;
  const detail = `failed to get ${metric.name} external metric value${isAverage || isValue ? `: ${inner}` : ""}`;
  return await failing("FailedGetExternalMetric", detail, async () => {
    if (!isAverage && !isValue)
      throw new Error("invalid external metric source: neither a value target nor an average value target was set");
    const what = `unable to get external metric ${namespace}/${metric.name}/${formatSelector(metric.selector)}`;
    const values = await wrapped(what, async () => api.external(namespace, metric));
    const usage = values.reduce((sum, value) => sum + value, 0);
    const found = isAverage
      ? perPod(usage, milliValue(target.averageValue), subject)
      : byRatio(usage, milliValue(target.value), subject);
    const current = isAverage ? { averageValue: decimal(found.average) } : { value: decimal(found.average) };
    const status = { type: "External", external: { metric, current } };
    const name = `external metric ${metric.name}(${formatSelector(metric.selector)})`;
    return { replicas: found.replicas, name, status };
  });
}

/** As many more pods as the value is too large. */
function byRatio(usage: number, target: number, { specReplicas, pods }: Subject): Proposal {
  const ratio = usage / target;
  if (specReplicas === 0) return { replicas: Math.ceil(ratio), average: usage };
  if (isWithinTolerance(ratio)) return { replicas: specReplicas, average: usage };
  if (pods.length === 0)
    throw new Error("unable to calculate ready pods: no pods returned by selector while calculating replica count");
  const ready = pods.filter((pod) => phaseOf(pod) === "Running" && isReady(pod)).length;
  return { replicas: Math.ceil(ratio * ready), average: usage };
}

/** So many pods that each has its share of the value. */
function perPod(usage: number, target: number, { statusReplicas }: Subject): Proposal {
  const isFine = isWithinTolerance(usage / (target * statusReplicas));
  const replicas = isFine ? statusReplicas : Math.min(Math.ceil(usage / target), 2 ** 31 - 1);
  return { replicas, average: statusReplicas === 0 ? 0 : Math.ceil(usage / statusReplicas) };
}

async function wrapped<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new Error(`${what}: ${wordsOf(cause)}`, { cause });
  }
}

async function failing<T>(reason: string, detail: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const why = wordsOf(cause);
    throw new MetricError(reason, `${detail}: ${why}`, why);
  }
}

function decimal(milli: number): string {
  return formatMilli(milli, "DecimalSI");
}

function formatMilli(milli: number, format: "DecimalSI" | "BinarySI"): string {
  return formatQuantity({ nanos: BigInt(Math.trunc(milli)) * 1_000_000n, format });
}
