import {
  cloneJson,
  type Fields,
  fieldsAt,
  formatApiVersion,
  isFields,
  itemsAt,
  type KubeObject,
  textAt,
  valueAt,
} from "../../apimachinery/index.ts";
import { isEmpty, makeFields } from "./fields.ts";
import type { BuiltinResource } from "./resources.ts";

/**
 * Shows an object of one resource as another one that shares its storage: `autoscaling` v1 and v2, events of both groups.
 *
 * @returns a copy, except that an object asked for in its own version is given back as it is
 * @throws {Error} when the two share nothing
 */
export function convertBuiltin(
  object: KubeObject,
  target: Pick<BuiltinResource, "group" | "version" | "kind">,
): KubeObject {
  const apiVersion = formatApiVersion(target);
  if (object.apiVersion === apiVersion) return object;
  const convert = converters[`${target.kind}: ${object.apiVersion} -> ${apiVersion}`];
  if (convert === undefined)
    throw new Error(`Cannot convert ${target.kind} from ${object.apiVersion} to ${apiVersion}`);
  const copy = cloneJson(object);
  copy.apiVersion = apiVersion;
  convert(copy);
  return copy;
}

const converters: Record<string, (object: KubeObject) => void> = {
  "Event: v1 -> events.k8s.io/v1": (event) => rename(event, eventFields),
  "Event: events.k8s.io/v1 -> v1": (event) =>
    rename(event, new Map([...eventFields].map(([core, own]) => [own, core]))),
  "HorizontalPodAutoscaler: autoscaling/v1 -> autoscaling/v2": autoscalerToV2,
  "HorizontalPodAutoscaler: autoscaling/v2 -> autoscaling/v1": autoscalerToV1,
};

/** Names of an event's fields: in the core group, in `events.k8s.io`. The others are the same in both. */
const eventFields = new Map([
  ["count", "deprecatedCount"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["involvedObject", "regarding"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["message", "note"],
  ["reportingComponent", "reportingController"],
  ["source", "deprecatedSource"],
]);

function rename(object: Fields, names: ReadonlyMap<string, string>): void {
  for (const [from, to] of names) {
    if (object[from] === undefined) continue;
    object[to] = object[from];
    delete object[from];
  }
}

/** Where v1 keeps what it has no fields for. */
const annotations = {
  metrics: "autoscaling.alpha.kubernetes.io/metrics",
  currentMetrics: "autoscaling.alpha.kubernetes.io/current-metrics",
  conditions: "autoscaling.alpha.kubernetes.io/conditions",
  behavior: "autoscaling.alpha.kubernetes.io/behavior",
};

function autoscalerToV1(autoscaler: KubeObject): void {
  const spec = makeFields(autoscaler, "spec");
  const status = makeFields(autoscaler, "status");
  const extra: Record<string, unknown> = {};

  const metrics = itemsAt(spec, "metrics");
  const cpu = metrics.find((metric) => isCpuUtilization(metric, "target"));
  if (cpu !== undefined)
    spec["targetCPUUtilizationPercentage"] = valueAt(cpu, "resource", "target", "averageUtilization");
  extra[annotations.metrics] = metrics.filter((metric) => metric !== cpu).map(metricToV1);

  const current = itemsAt(status, "currentMetrics");
  const currentCpu = current.find((metric) => isCpuUtilization(metric, "current"));
  if (currentCpu !== undefined)
    status["currentCPUUtilizationPercentage"] = valueAt(currentCpu, "resource", "current", "averageUtilization");
  extra[annotations.currentMetrics] = current.filter((metric) => metric !== currentCpu).map(currentToV1);
  extra[annotations.conditions] = status["conditions"];
  extra[annotations.behavior] = spec["behavior"];

  for (const field of ["metrics", "behavior"]) delete spec[field];
  for (const field of ["currentMetrics", "conditions"]) delete status[field];
  status["currentReplicas"] ??= 0;
  const texts = Object.entries(extra).filter(([, value]) => !isEmpty(value));
  if (texts.length === 0) return;
  autoscaler.metadata.annotations ??= {};
  for (const [name, value] of texts) autoscaler.metadata.annotations[name] = JSON.stringify(value);
}

function autoscalerToV2(autoscaler: KubeObject): void {
  const spec = makeFields(autoscaler, "spec");
  const status = makeFields(autoscaler, "status");

  const metrics = listIn(autoscaler, annotations.metrics).map(metricToV2);
  if (spec["targetCPUUtilizationPercentage"] !== undefined) {
    const target = { type: "Utilization", averageUtilization: spec["targetCPUUtilizationPercentage"] };
    metrics.unshift({ type: "Resource", resource: { name: "cpu", target } });
  }
  if (metrics.length > 0) spec["metrics"] = metrics;
  const behavior = takeAnnotation(autoscaler, annotations.behavior);
  if (isFields(behavior)) spec["behavior"] = behavior;
  delete spec["targetCPUUtilizationPercentage"];

  const current = listIn(autoscaler, annotations.currentMetrics).map(currentToV2);
  if (status["currentCPUUtilizationPercentage"] !== undefined)
    current.unshift({
      type: "Resource",
      resource: { name: "cpu", current: { averageUtilization: status["currentCPUUtilizationPercentage"] } },
    });
  if (current.length > 0) status["currentMetrics"] = current;
  const conditions = listIn(autoscaler, annotations.conditions);
  if (conditions.length > 0) status["conditions"] = conditions;
  delete status["currentCPUUtilizationPercentage"];
}

function isCpuUtilization(metric: Fields, side: "target" | "current"): boolean {
  if (metric["type"] !== "Resource" || textAt(metric, "resource", "name") !== "cpu") return false;
  return valueAt(metric, "resource", side, "averageUtilization") !== undefined;
}

function listIn(autoscaler: KubeObject, name: string): Fields[] {
  const value = takeAnnotation(autoscaler, name);
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** What is no JSON was written by a user and is nobody's setting. */
function takeAnnotation(autoscaler: KubeObject, name: string): unknown {
  const text = autoscaler.metadata.annotations?.[name];
  if (text === undefined) return undefined;
  delete autoscaler.metadata.annotations?.[name];
  if (isEmpty(autoscaler.metadata.annotations)) delete autoscaler.metadata.annotations;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** v1 names the amounts of a metric after what they are; v2 gives them one shape. */
type Names = { field: string; value?: string; average?: string; utilization?: string };
const targetNames: Record<string, Names> = {
  ContainerResource: {
    field: "containerResource",
    average: "targetAverageValue",
    utilization: "targetAverageUtilization",
  },
  External: { field: "external", value: "targetValue", average: "targetAverageValue" },
  Object: { field: "object", value: "targetValue", average: "averageValue" },
  Pods: { field: "pods", average: "targetAverageValue" },
  Resource: { field: "resource", average: "targetAverageValue", utilization: "targetAverageUtilization" },
};
const currentNames: Record<string, Names> = {
  ContainerResource: {
    field: "containerResource",
    average: "currentAverageValue",
    utilization: "currentAverageUtilization",
  },
  External: { field: "external", value: "currentValue", average: "currentAverageValue" },
  Object: { field: "object", value: "currentValue", average: "averageValue" },
  Pods: { field: "pods", average: "currentAverageValue" },
  Resource: { field: "resource", average: "currentAverageValue", utilization: "currentAverageUtilization" },
};

const metricToV1 = (metric: Fields): Fields => flatten(metric, targetNames, "target");
const currentToV1 = (metric: Fields): Fields => flatten(metric, currentNames, "current");
const metricToV2 = (metric: Fields): Fields => raise(metric, targetNames, "target");
const currentToV2 = (metric: Fields): Fields => raise(metric, currentNames, "current");

function flatten(metric: Fields, table: Record<string, Names>, side: "target" | "current"): Fields {
  const names = table[textAt(metric, "type")];
  if (names === undefined) return metric;
  const { metric: identifier, describedObject, [side]: amounts, ...rest } = fieldsAt(metric, names.field);
  const flat: Fields = { ...rest };
  if (isFields(describedObject)) flat["target"] = describedObject;
  if (isFields(identifier)) {
    flat["metricName"] = identifier["name"];
    if (identifier["selector"] !== undefined)
      flat[names.field === "external" ? "metricSelector" : "selector"] = identifier["selector"];
  }
  move(fieldsAt({ amounts }, "amounts"), flat, [
    ["value", names.value],
    ["averageValue", names.average],
    ["averageUtilization", names.utilization],
  ]);
  return { type: metric["type"], [names.field]: flat };
}

function raise(metric: Fields, table: Record<string, Names>, side: "target" | "current"): Fields {
  const names = table[textAt(metric, "type")];
  if (names === undefined) return metric;
  const flat = { ...fieldsAt(metric, names.field) };
  const amounts: Fields = {};
  move(flat, amounts, [
    [names.value, "value"],
    [names.average, "averageValue"],
    [names.utilization, "averageUtilization"],
  ]);
  if (side === "target") {
    const type =
      amounts["averageUtilization"] !== undefined
        ? "Utilization"
        : amounts["value"] !== undefined
          ? "Value"
          : "AverageValue";
    amounts["type"] = type;
  }
  const { target: described, metricName, metricSelector, selector, ...rest } = flat;
  const identifier = {
    name: metricName,
    ...((metricSelector ?? selector) !== undefined && { selector: metricSelector ?? selector }),
  };
  const raised = {
    ...rest,
    ...(described !== undefined && { describedObject: described }),
    ...(metricName !== undefined && { metric: identifier }),
    [side]: amounts,
  };
  return { type: metric["type"], [names.field]: raised };
}

function move(from: Fields, to: Fields, names: [string | undefined, string | undefined][]): void {
  for (const [source, target] of names) {
    if (source === undefined || target === undefined || from[source] === undefined) continue;
    to[target] = from[source];
    delete from[source];
  }
}
