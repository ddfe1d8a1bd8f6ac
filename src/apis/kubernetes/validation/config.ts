import {
  compareQuantities,
  deepEqual,
  duplicateValue,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  parseQuantity,
  requiredValue,
  textAt,
  tooLong,
  validateConfigKey,
  validateLabel,
  validateQualifiedName,
} from "../../../apimachinery/index.ts";
import { isEmpty } from "../fields.ts";
import { type Causes, choiceInOrder, eachItem, immutable, named, required, validateLabels } from "./values.ts";

/** What a ConfigMap or Secret may hold: 1 MiB. */
const dataSizeMax = 2 ** 20;

export function validateConfigMap(map: Fields): Causes {
  const data = fieldsAt(map, "data");
  const binary = fieldsAt(map, "binaryData");
  const causes = Object.keys(data).flatMap((key) => {
    const found = named(`data[${key}]`, key, validateConfigKey);
    return Object.hasOwn(binary, key)
      ? [...found, invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")]
      : found;
  });
  causes.push(...Object.keys(binary).flatMap((key) => named(`binaryData[${key}]`, key, validateConfigKey)));
  const size = sum(data, (text) => Buffer.byteLength(text)) + sum(binary, decodedSize);
  return size > dataSizeMax ? [...causes, tooLong("", dataSizeMax)] : causes;
}

export function validateConfigMapUpdate(map: Fields, old: Fields): Causes {
  return validateFrozen(map, old, ["data", "binaryData"]);
}

export function validateSecret(secret: Fields): Causes {
  const data = fieldsAt(secret, "data");
  const causes = Object.keys(data).flatMap((key) => named(`data[${key}]`, key, validateConfigKey));
  if (sum(data, decodedSize) > dataSizeMax) causes.push(tooLong("data", dataSizeMax));
  return [...causes, ...validateSecretType(textAt(secret, "type"), data, secret)];
}

/** Keys that the types known to Kubernetes must have. */
const secretKeys: Record<string, string[]> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

function validateSecretType(type: string, data: Fields, secret: Fields): Causes {
  if (type === "kubernetes.io/service-account-token") {
    const name = "kubernetes.io/service-account.name";
    return required(`metadata.annotations[${name}]`, fieldsAt(secret, "metadata", "annotations")[name]);
  }
  if (type === "kubernetes.io/basic-auth") {
    if (Object.hasOwn(data, "username") || Object.hasOwn(data, "password")) return [];
    return [requiredValue("data[username]"), requiredValue("data[password]")];
  }
  const causes = (secretKeys[type] ?? [])
    .filter((key) => !Object.hasOwn(data, key))
    .map((key) => requiredValue(`data[${key}]`));
  if (causes.length > 0 || !type.startsWith("kubernetes.io/dockerc")) return causes;
  const key = secretKeys[type]?.[0] ?? "";
  try {
    JSON.parse(Buffer.from(textAt(data, key), "base64").toString());
    return [];
  } catch (error) {
    return [invalidValue(`data[${key}]`, "<secret contents redacted>", error instanceof Error ? error.message : "")];
  }
}

export function validateSecretUpdate(secret: Fields, old: Fields): Causes {
  return [...immutable("type", secret["type"], old["type"]), ...validateFrozen(secret, old, ["data"])];
}

/** `immutable: true` holds for the contents and for itself. */
function validateFrozen(object: Fields, old: Fields, fields: readonly string[]): Causes {
  if (old["immutable"] !== true) return [];
  const words = "field is immutable when `immutable` is set";
  const causes = object["immutable"] === true ? [] : [forbiddenValue("immutable", words)];
  for (const field of fields)
    if (!deepEqual(fieldsAt(object, field), fieldsAt(old, field))) causes.push(forbiddenValue(field, words));
  return causes;
}

export function validateNamespace(namespace: Fields): Causes {
  return listAt(namespace, "spec", "finalizers").flatMap((finalizer, index) => {
    const name = String(finalizer);
    const path = `spec.finalizers[${index}]`;
    const causes = named(path, name, validateQualifiedName);
    if (causes.length > 0 || name.includes("/") || name === "kubernetes") return causes;
    return [invalidValue(path, name, "name is neither a standard finalizer name nor is it fully qualified")];
  });
}

export function validateLimitRange(range: Fields): Causes {
  const types = new Set<string>();
  return eachItem(range["spec"], "spec", "limits", (limit, path) => {
    const type = textAt(limit, "type");
    const causes = named(`${path}.type`, type, validateQualifiedName);
    if (types.has(type)) causes.push(duplicateValue(`${path}.type`, type));
    types.add(type);
    if (type === "Pod")
      for (const field of ["default", "defaultRequest"])
        if (!isEmpty(limit[field]))
          causes.push(forbiddenValue(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
    const names = new Set(
      ["min", "max", "default", "defaultRequest"].flatMap((field) => Object.keys(fieldsAt(limit, field))),
    );
    for (const name of names) causes.push(...validateOrder(path, name, limit));
    return causes;
  });
}

/** What must not be greater than what, and which of the two is wrong then. */
const orders: readonly { less: string; more: string; blamed: string; words: string }[] = [
  { less: "min", more: "max", blamed: "min", words: "max value" },
  { less: "min", more: "defaultRequest", blamed: "defaultRequest", words: "default request value" },
  { less: "defaultRequest", more: "max", blamed: "defaultRequest", words: "max value" },
  { less: "defaultRequest", more: "default", blamed: "defaultRequest", words: "default limit value" },
  { less: "min", more: "default", blamed: "default", words: "default value" },
  { less: "default", more: "max", blamed: "default", words: "max value" },
];
const lessWords: Record<string, string> = {
  min: "min value",
  default: "default value",
  defaultRequest: "default request value",
};

function validateOrder(path: string, name: string, limit: Fields): Causes {
  return orders.flatMap(({ less, more, blamed, words }) => {
    const [low, high] = [textAt(limit, less, name), textAt(limit, more, name)];
    if (low === "" || high === "" || compareQuantities(parseQuantity(low), parseQuantity(high)) <= 0) return [];
    const text = `${lessWords[less]} ${low} is greater than ${words} ${high}`;
    return [invalidValue(`${path}.${blamed}[${name}]`, blamed === less ? low : high, text)];
  });
}

const quotaScopes = [
  "BestEffort",
  "CrossNamespacePodAffinity",
  "NotBestEffort",
  "NotTerminating",
  "PriorityClass",
  "Terminating",
  "VolumeAttributesClass",
];

export function validateResourceQuota(quota: Fields): Causes {
  const causes = Object.entries(fieldsAt(quota, "spec", "hard")).flatMap(([name, amount]) => {
    const path = `spec.hard[${name}]`;
    const found = named(path, name, validateQualifiedName);
    if (parseQuantity(String(amount)).nanos < 0n)
      found.push(invalidValue(path, amount, "must be greater than or equal to 0"));
    return found;
  });
  const scopes = listAt(quota, "spec", "scopes").map((scope) => String(scope ?? ""));
  const unknown = scopes.filter((scope) => !quotaScopes.includes(scope));
  return [
    ...causes,
    ...unknown.map(() => invalidValue("spec.scopes", scopes, "unsupported scope")),
    ...itemsAt(quota, "spec", "scopeSelector", "matchExpressions").flatMap(validateQuotaScope),
  ];
}

/** Kubernetes counts these without an index. */
function validateQuotaScope(expression: Fields): Causes {
  const path = "spec.scopeSelector.matchExpressions";
  const name = textAt(expression, "scopeName");
  const operator = textAt(expression, "operator");
  const values = listAt(expression, "values");
  const causes: Causes = [];
  if (!quotaScopes.includes(name)) causes.push(invalidValue(`${path}.scopeName`, name, "unsupported scope"));
  if (operator === "In" || operator === "NotIn") {
    const words = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) causes.push(requiredValue(`${path}.values`, words));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const words = "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector";
    if (values.length > 0) causes.push(invalidValue(`${path}.values`, values, words));
  } else causes.push(invalidValue(`${path}.operator`, operator, "not a valid selector operator"));
  return causes;
}

export function validateResourceQuotaUpdate(quota: Fields, old: Fields): Causes {
  const [scopes, before] = [listAt(quota, "spec", "scopes"), listAt(old, "spec", "scopes")];
  return immutable("spec.scopes", scopes.map(String).sort(), before.map(String).sort());
}

export function validateNode(node: Fields): Causes {
  // Kubernetes says `metadata` where it means the spec.
  return eachItem(node["spec"], "metadata", "taints", (taint, path) => [
    ...named(`${path}.key`, textAt(taint, "key"), validateQualifiedName),
    ...choiceInOrder(`${path}.effect`, taint["effect"], ["NoSchedule", "PreferNoSchedule", "NoExecute"], "required"),
  ]);
}

export function validateEvent(event: Fields): Causes {
  const where = textAt(event, "involvedObject", "namespace");
  const namespace = textAt(event, "metadata", "namespace");
  if (where === "")
    return namespace === "default" || namespace === "kube-system"
      ? []
      : [invalidValue("involvedObject.namespace", where, "does not match event.namespace")];
  return where === namespace ? [] : [invalidValue("involvedObject.namespace", where, "does not match event.namespace")];
}

const eventTextMax = 128;

/** An event of the newer API, which asks for more. */
export function validateNewEvent(event: Fields): Causes {
  const causes: Causes = [];
  const text = (field: string) => textAt(event, field);
  if (text("eventTime") === "") causes.push(requiredValue("eventTime"));
  const { series } = event;
  if (isFields(series)) {
    if (numberAt(series, ["count"]) < 2) causes.push(invalidValue("series.count", "", "should be at least 2"));
    if (textAt(series, "lastObservedTime") === "") causes.push(requiredValue("series.lastObservedTime"));
  }
  causes.push(
    ...required("reportingController", text("reportingController")),
    ...named("reportingController", text("reportingController"), validateQualifiedName),
  );
  for (const field of ["reportingInstance", "action", "reason"]) {
    causes.push(...required(field, text(field)));
    if (text(field).length > eventTextMax)
      causes.push(invalidValue(field, "", `can have at most ${eventTextMax} characters`));
  }
  if (text("type") !== "Normal" && text("type") !== "Warning")
    causes.push(invalidValue("type", "", `has invalid value: ${text("type")}`));
  return causes;
}

export function validateLease(lease: Fields): Causes {
  const spec = fieldsAt(lease, "spec");
  const seconds = spec["leaseDurationSeconds"];
  const transitions = spec["leaseTransitions"];
  return [
    ...(typeof seconds === "number" && seconds <= 0
      ? [invalidValue("spec.leaseDurationSeconds", seconds, "must be greater than 0")]
      : []),
    ...(typeof transitions === "number" && transitions < 0
      ? [invalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0")]
      : []),
  ];
}

/** Priorities above this are the system's. */
const priorityMax = 1_000_000_000;

export function validatePriorityClass(priorityClass: Fields): Causes {
  const name = textAt(priorityClass, "metadata", "name");
  const value = numberAt(priorityClass, ["value"]);
  const causes: Causes = [];
  const system: Record<string, number> = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
  };
  if (name.startsWith("system-")) {
    if (system[name] !== value)
      causes.push(
        forbiddenValue(
          "metadata.name",
          "priority class names with 'system-' prefix are reserved for system use only. error: " +
            (name in system
              ? `value of ${name} PriorityClass must be ${system[name]}`
              : `${name} is not a known system priority class`),
        ),
      );
  } else if (value > priorityMax)
    causes.push(forbiddenValue("value", `maximum allowed value of a user defined priority is ${priorityMax}`));
  return [
    ...causes,
    ...choiceInOrder(
      "preemptionPolicy",
      priorityClass["preemptionPolicy"],
      ["PreemptLowerPriority", "Never"],
      "required",
    ),
  ];
}

export function validatePriorityClassUpdate(priorityClass: Fields, old: Fields): Causes {
  const fixed = ["value", "preemptionPolicy"].filter((field) => priorityClass[field] !== old[field]);
  return fixed.map((field) =>
    field === "value"
      ? forbiddenValue(field, "may not be changed in an update.")
      : invalidValue(field, priorityClass[field] ?? null, "field is immutable"),
  );
}

export function validateRuntimeClass(runtimeClass: Fields): Causes {
  const handler = textAt(runtimeClass, "handler");
  const causes = named("handler", handler, validateLabel);
  return [
    ...causes,
    ...validateLabels("scheduling.nodeSelector", fieldsAt(runtimeClass, "scheduling")["nodeSelector"]),
  ];
}

export function validateRuntimeClassUpdate(runtimeClass: Fields, old: Fields): Causes {
  return immutable("handler", runtimeClass["handler"], old["handler"]);
}

function sum(data: Fields, size: (text: string) => number): number {
  return Object.values(data).reduce<number>((total, text) => total + (typeof text === "string" ? size(text) : 0), 0);
}

function decodedSize(base64: string): number {
  return Buffer.byteLength(base64, "base64");
}
