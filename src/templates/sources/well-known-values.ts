import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";

/**
 * What a value of a chart is by its name, where nearly all charts mean the same by it.
 *
 * @param path from the root of the values
 * @param value what stands in values.yaml; a name alone is not trusted when the value says something else
 * @param siblings the object that holds it
 * @returns `undefined` for all other names
 */
export function wellKnownValue(
  path: readonly string[],
  value: JsonValue,
  siblings: JsonObject,
): JsonObject | undefined {
  const name = path.at(-1) ?? "";
  const parent = path.at(-2) ?? "";
  if (typeof value === "string") return wellKnownText(name, parent, siblings);
  if (typeof value === "number") return wellKnownNumber(name, value);
  if (isJsonObject(value) || value === null) return wellKnownObject(name, value);
  return Array.isArray(value) ? wellKnownList(name, value.length === 0) : undefined;
}

/** Whether a text is a secret by its name, rather than the name of one. */
export function isSecretName(name: string): boolean {
  if (/existing|secretname|secretref|passwordkey|passwordfile|tokenkey|tokenfile|url$|path$|file$/i.test(name))
    return false;
  return (
    /(?:password|passwd|passphrase|^secretkey|apikey|apitoken|privatekey|secretaccesskey|encryptionkey|clientsecret|cookiesecret|sharedsecret)$/i.test(
      name,
    ) || /(?:^t|[a-z]T)oken$/.test(name)
  );
}

/** A definition of Kubernetes' API that schemas of charts refer to by the last part of its name. */
export function kubernetesSchema(name: string): JsonObject | undefined {
  return Object.hasOwn(kubernetesSchemas, name) ? kubernetesSchemas[name] : undefined;
}

const texts = { additionalProperties: { type: "string" }, type: "object" } as const satisfies JsonObject;
/** Quantities may be written as numbers; a map of them may have any names, of devices for example. */
const quantity = { type: ["string", "number"] } satisfies JsonObject;
const quantities = {
  type: "object",
  properties: {
    cpu: { ...quantity, description: "Processors, such as 500m or 2" },
    memory: { ...quantity, description: "Memory, such as 256Mi or 1Gi" },
  },
  additionalProperties: quantity,
} satisfies JsonObject;
const resources = {
  type: "object",
  properties: {
    requests: { ...quantities, title: "Requests", description: "What is set aside for it" },
    limits: { ...quantities, title: "Limits", description: "What it may take at most" },
  },
} satisfies JsonObject;
const toleration = {
  type: "object",
  properties: {
    key: { type: "string" },
    operator: { type: "string", enum: ["Exists", "Equal"] },
    value: { type: "string" },
    effect: { type: "string", enum: ["NoSchedule", "PreferNoSchedule", "NoExecute"] },
    tolerationSeconds: { type: "integer" },
  },
} satisfies JsonObject;
const free = { type: "object", additionalProperties: true } satisfies JsonObject;

const kubernetesSchemas: Readonly<Record<string, JsonObject>> = {
  "io.k8s.api.core.v1.ResourceRequirements": resources,
  "io.k8s.api.core.v1.Toleration": toleration,
  "io.k8s.apimachinery.pkg.api.resource.Quantity": quantity,
};

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const serviceTypes = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];

function wellKnownText(name: string, parent: string, siblings: JsonObject): JsonObject | undefined {
  if (/^(?:image)?pullPolicy$/i.test(name)) return { type: "string", enum: pullPolicies };
  if (name === "type" && /service$/i.test(parent)) return { type: "string", enum: serviceTypes };
  if (name === "serviceType") return { type: "string", enum: serviceTypes };
  if (/^(?:external|internal)TrafficPolicy$/.test(name)) return { type: "string", enum: ["Cluster", "Local"] };
  if (name === "sessionAffinity") return { type: "string", enum: ["None", "ClientIP"] };
  if (name === "restartPolicy") return { type: "string", enum: ["Always", "OnFailure", "Never"] };
  if (name === "pathType") return { type: "string", enum: ["Exact", "Prefix", "ImplementationSpecific"] };
  if (name === "concurrencyPolicy") return { type: "string", enum: ["Allow", "Forbid", "Replace"] };
  if (name === "podManagementPolicy") return { type: "string", enum: ["OrderedReady", "Parallel"] };
  if (name === "tag" && siblings["repository"] !== undefined) return { type: "string" };
  return isSecretName(name) ? { type: "string", format: "password" } : undefined;
}

function wellKnownNumber(name: string, value: number): JsonObject | undefined {
  if (!Number.isInteger(value) || value < 0) return undefined;
  if (/^replicas?(?:Count)?$|Replicas$|ReplicaCount$|^revisionHistoryLimit$/.test(name))
    return { type: "integer", minimum: 0 };
  if (/(?:^p|P)ort$/.test(name) && value > 0) return { type: "integer", minimum: 1, maximum: 65535 };
  return undefined;
}

function wellKnownObject(name: string, value: JsonObject | null): JsonObject | undefined {
  const isEmpty = value === null || Object.keys(value).length === 0;
  if (name === "resources" && (isEmpty || value["limits"] !== undefined || value["requests"] !== undefined))
    return resources;
  if (/(?:^n|N)odeSelector$|(?:^m|M)atchLabels$|(?:^a|A)nnotations$|(?:^l|L)abels$/.test(name))
    return isTexts(value) ? texts : undefined;
  if (/(?:^a|A)ffinity$/.test(name) && isEmpty) return free;
  return undefined;
}

function isTexts(value: JsonObject | null): boolean {
  return value === null || Object.values(value).every((one) => typeof one === "string");
}

/** Lists of objects of Kubernetes: an empty one shows no item. */
const objectLists =
  /^(?:extra|additional)?(?:env|envs|envVars|volumes|volumeMounts|containers|initContainers|sidecars|hostAliases|topologySpreadConstraints|manifests|objects|resources|deploy|ports|relabelings|metricRelabelings|relabelConfigs|metricRelabelConfigs)$/i;

function wellKnownList(name: string, isEmpty: boolean): JsonObject | undefined {
  if (/(?:^t|T)olerations$/.test(name)) return { type: "array", items: toleration };
  if (/^accessModes?$/.test(name)) {
    const modes = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
    return { type: "array", items: { type: "string", enum: modes } };
  }
  if (isEmpty && objectLists.test(name)) return { type: "array", items: free };
  if (/^(?:command|args|extraArgs)$/.test(name)) return { type: "array", items: { type: "string" } };
  return undefined;
}
