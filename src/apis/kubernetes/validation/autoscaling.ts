import {
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  listAt,
  numberAt,
  parseQuantity,
  requiredValue,
  textAt,
  unsupportedValue,
  validateLabel,
  validatePathSegment,
} from "../../../apimachinery/index.ts";
import { validateResourceName } from "./containers.ts";
import { type Causes, eachItem, named, nonNegatives } from "./values.ts";

const stabilizationSecondsMax = 3600;
const periodSecondsMax = 1800;
const metricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];
/** In the order in which they are looked at: of several sources only the first is judged. */
const sources = ["object", "external", "pods", "resource", "containerResource"];

export function validateAutoscaler(autoscaler: Fields): Causes {
  const spec = fieldsAt(autoscaler, "spec");
  const min = numberAt(spec, ["minReplicas"], 1);
  const max = numberAt(spec, ["maxReplicas"]);
  const causes: Causes = [];
  if (min < 1) causes.push(invalidValue("spec.minReplicas", min, "must be greater than or equal to 1"));
  if (max < 1) causes.push(invalidValue("spec.maxReplicas", max, "must be greater than 0"));
  if (max < min) causes.push(invalidValue("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
  const target = fieldsAt(spec, "scaleTargetRef");
  const types = listAt(spec, "metrics").map((metric) => textAt(metric, "type"));
  causes.push(
    ...validateReference("spec.scaleTargetRef", target, target["kind"] === "ReplicationController"),
    ...eachItem(spec, "spec", "metrics", validateMetric),
  );
  if (min === 0 && !types.includes("Object") && !types.includes("External")) {
    const detail = "must specify at least one Object or External metric to support scaling to zero replicas";
    causes.push(forbiddenValue("spec.metrics", detail));
  }
  for (const direction of ["scaleUp", "scaleDown"]) {
    const rules = fieldsAt(spec, "behavior")[direction];
    if (isFields(rules)) causes.push(...validateRules(`spec.behavior.${direction}`, rules));
  }
  return causes;
}

export function validateAutoscalerStatus(autoscaler: Fields): Causes {
  return nonNegatives("status", fieldsAt(autoscaler, "status"), ["currentReplicas", "desiredReplicas"]);
}

function validateReference(path: string, reference: Fields, mayBeCore: boolean): Causes {
  const segment = (field: string) => {
    const text = textAt(reference, field);
    return text === "" ? [requiredValue(`${path}.${field}`)] : named(`${path}.${field}`, text, validatePathSegment);
  };
  const causes = [...segment("kind"), ...segment("name")];
  const version = textAt(reference, "apiVersion");
  const parts = version === "" ? [] : version.split("/");
  if (parts.length > 2)
    causes.push(invalidValue(`${path}.apiVersion`, version, `unexpected GroupVersion string: ${version}`));
  else if (parts.length < 2 && !mayBeCore)
    causes.push(invalidValue(`${path}.apiVersion`, version, "apiVersion must specify API group"));
  return causes;
}

function validateMetric(metric: Fields, path: string): Causes {
  const type = textAt(metric, "type");
  const causes: Causes = [];
  const unsupported = unsupportedValue(`${path}.type`, type, metricTypes);
  if (type === "") causes.push(requiredValue(`${path}.type`, "must specify a metric source type"));
  if (!metricTypes.includes(type)) causes.push(unsupported);
  const present = sources.filter((source) => isFields(metric[source]));
  const [first] = present;
  if (first !== undefined) causes.push(...validateSource(`${path}.${first}`, first, fieldsAt(metric, first)));
  const expected = metricTypes.includes(type) ? type.charAt(0).toLowerCase() + type.slice(1) : undefined;
  if (expected === undefined) causes.push(unsupported);
  else if (!present.includes(expected))
    causes.push(requiredValue(`${path}.${expected}`, "must populate information for the given metric source"));
  if (present.length <= 1) return causes;
  const others = present.filter((source) => source !== expected);
  return [
    ...causes,
    ...others.map((one) => forbiddenValue(`${path}.${one}`, "must populate the given metric source only")),
  ];
}

function validateSource(path: string, kind: string, source: Fields): Causes {
  const target = fieldsAt(source, "target");
  const has = (field: string) => target[field] !== undefined && target[field] !== null;
  const causes: Causes = [];
  const lacks = (field: string, detail: string) => causes.push(requiredValue(`${path}.target.${field}`, detail));
  if (kind === "object")
    causes.push(...validateReference(`${path}.describedObject`, fieldsAt(source, "describedObject"), true));
  if (kind === "resource" || kind === "containerResource") {
    const name = textAt(source, "name");
    const container = textAt(source, "container");
    if (name === "") causes.push(requiredValue(`${path}.name`, "must specify a resource name"));
    else if (kind === "containerResource") causes.push(...validateResourceName(`${path}.name`, name));
    if (kind === "containerResource" && container === "")
      causes.push(requiredValue(`${path}.container`, "must specify a container"));
    else if (kind === "containerResource") causes.push(...named(`${path}.container`, container, validateLabel));
  } else {
    const name = textAt(source, "metric", "name");
    if (name === "") causes.push(requiredValue(`${path}.metric.name`, "must specify a metric name"));
    else causes.push(...named(`${path}.metric.name`, name, validatePathSegment));
  }
  causes.push(...validateTarget(`${path}.target`, target));
  switch (kind) {
    case "object":
      if (!has("value") && !has("averageValue"))
        lacks("averageValue", "must set either a target value or averageValue");
      return causes;
    case "external":
      if (!has("value") && !has("averageValue"))
        lacks("averageValue", "must set either a target value for metric or a per-pod target");
      if (has("value") && has("averageValue"))
        causes.push(
          forbiddenValue(`${path}.target.value`, "may not set both a target value for metric and a per-pod target"),
        );
      return causes;
    case "pods":
      if (!has("averageValue")) lacks("averageValue", "must specify a positive target averageValue");
      return causes;
    default:
      if (!has("averageUtilization") && !has("averageValue"))
        lacks("averageUtilization", "must set either a target raw value or a target utilization");
      if (has("averageUtilization") && has("averageValue"))
        causes.push(
          forbiddenValue(`${path}.target.averageValue`, "may not set both a target raw value and a target utilization"),
        );
      return causes;
  }
}

function validateTarget(path: string, target: Fields): Causes {
  const type = textAt(target, "type");
  const causes: Causes = [];
  if (type === "") causes.push(requiredValue(`${path}.type`, "must specify a metric target type"));
  if (!["Utilization", "Value", "AverageValue"].includes(type))
    causes.push(invalidValue(`${path}.type`, type, "must be either Utilization, Value, or AverageValue"));
  for (const field of ["value", "averageValue"]) {
    const quantity = target[field];
    if ((typeof quantity === "string" || typeof quantity === "number") && parseQuantity(String(quantity)).nanos <= 0n)
      causes.push(invalidValue(`${path}.${field}`, String(quantity), "must be positive"));
  }
  const utilization = target["averageUtilization"];
  if (typeof utilization === "number" && utilization < 1)
    causes.push(invalidValue(`${path}.averageUtilization`, utilization, "must be greater than 0"));
  return causes;
}

function validateRules(path: string, rules: Fields): Causes {
  const { stabilizationWindowSeconds: window, selectPolicy } = rules;
  const causes: Causes = [];
  const at = `${path}.stabilizationWindowSeconds`;
  if (typeof window === "number" && window < 0)
    causes.push(invalidValue(at, window, "must be greater than or equal to zero"));
  if (typeof window === "number" && window > stabilizationSecondsMax)
    causes.push(invalidValue(at, window, `must be less than or equal to ${stabilizationSecondsMax}`));
  const selects = ["Disabled", "Max", "Min"];
  if (selectPolicy !== undefined && !selects.includes(String(selectPolicy)))
    causes.push(unsupportedValue(`${path}.selectPolicy`, selectPolicy, selects));
  if (listAt(rules, "policies").length === 0)
    causes.push(requiredValue(`${path}.policies`, "must specify at least one Policy"));
  return [...causes, ...eachItem(rules, path, "policies", validatePolicy)];
}

function validatePolicy(policy: Fields, path: string): Causes {
  const type = textAt(policy, "type");
  const causes: Causes = [];
  if (type !== "Pods" && type !== "Percent") causes.push(unsupportedValue(`${path}.type`, type, ["Percent", "Pods"]));
  for (const field of ["value", "periodSeconds"]) {
    const value = numberAt(policy, [field]);
    if (value <= 0) causes.push(invalidValue(`${path}.${field}`, value, "must be greater than zero"));
  }
  const period = numberAt(policy, ["periodSeconds"]);
  if (period > periodSecondsMax)
    causes.push(invalidValue(`${path}.periodSeconds`, period, `must be less than or equal to ${periodSecondsMax}`));
  return causes;
}
