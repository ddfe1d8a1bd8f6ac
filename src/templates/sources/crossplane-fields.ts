import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";

/**
 * What a composite resource is to Crossplane: `LegacyCluster` is what all of them were in v1, and what can be claimed; a claim is
 * the namespaced stand-in of one.
 */
export type CompositeRole = "Namespaced" | "Cluster" | "LegacyCluster" | "Claim";

/**
 * The fields that Crossplane adds to `spec`, by name, as it writes them into the CustomResourceDefinition of a role.
 *
 * @param definition `spec` of the CompositeResourceDefinition, which says what its policies are by default
 */
export function crossplaneSpecFields(
  role: CompositeRole,
  definition: JsonObject = {},
): { [field: string]: JsonObject } {
  if (role === "Claim") {
    return {
      ...compositionFields(),
      compositeDeletePolicy: policy(["Background", "Foreground"], definition["defaultCompositeDeletePolicy"]),
      resourceRef: reference(["apiVersion", "kind", "name"]),
      publishConnectionDetailsTo: connectionStore(),
      writeConnectionSecretToRef: reference(["name"]),
    };
  }
  const updates = policy(["Automatic", "Manual"], definition["defaultCompositionUpdatePolicy"]);
  const fields = { ...compositionFields(), compositionUpdatePolicy: updates, resourceRefs: resourceRefs(role) };
  if (role !== "LegacyCluster") {
    const description = "Configures how Crossplane will reconcile this composite resource";
    return { crossplane: { type: "object", description, properties: fields } };
  }
  return {
    ...fields,
    claimRef: reference(["apiVersion", "kind", "namespace", "name"]),
    publishConnectionDetailsTo: connectionStore(),
    writeConnectionSecretToRef: reference(["name", "namespace"]),
  };
}

/** The same for `status`. */
export function crossplaneStatusFields(role: CompositeRole): { [field: string]: JsonObject } {
  const conditions: JsonObject = {
    description: "Conditions of the resource.",
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    items: {
      type: "object",
      required: ["lastTransitionTime", "reason", "status", "type"],
      properties: {
        lastTransitionTime: { type: "string", format: "date-time" },
        message: { type: "string" },
        reason: { type: "string" },
        status: { type: "string" },
        type: { type: "string" },
        observedGeneration: { type: "integer", format: "int64" },
      },
    },
  };
  if (role === "Namespaced" || role === "Cluster") return { conditions };
  return {
    conditions,
    connectionDetails: { type: "object", properties: { lastPublishedTime: { type: "string", format: "date-time" } } },
    claimConditionTypes: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
  };
}

/** Where in `spec` the fields stand that choose a composition. */
export function compositionFieldsPath(role: CompositeRole): string[] {
  return role === "Namespaced" || role === "Cluster" ? ["spec", "crossplane"] : ["spec"];
}

function compositionFields(): { [field: string]: JsonObject } {
  const selector = (): JsonObject => ({
    type: "object",
    required: ["matchLabels"],
    properties: { matchLabels: { type: "object", additionalProperties: { type: "string" } } },
  });
  return {
    compositionRef: reference(["name"]),
    compositionSelector: selector(),
    compositionRevisionRef: reference(["name"]),
    compositionRevisionSelector: selector(),
    compositionUpdatePolicy: policy(["Automatic", "Manual"]),
  };
}

function policy(values: string[], chosen?: JsonValue): JsonObject {
  return { type: "string", enum: values, ...(typeof chosen === "string" && { default: chosen }) };
}

function reference(fields: string[]): JsonObject {
  return { type: "object", required: fields, properties: texts(fields) };
}

function texts(fields: readonly string[]): JsonObject {
  return Object.fromEntries(fields.map((field) => [field, { type: "string" }]));
}

/** What is composed for a namespaced resource is in its namespace. */
function resourceRefs(role: CompositeRole): JsonObject {
  const fields = role === "Namespaced" ? ["apiVersion", "name", "kind"] : ["apiVersion", "name", "namespace", "kind"];
  return {
    type: "array",
    "x-kubernetes-list-type": "atomic",
    items: { type: "object", required: ["apiVersion", "kind"], properties: texts(fields) },
  };
}

/** External stores of secrets, which the last versions of Crossplane 1 know and no version 2 does. */
function connectionStore(): JsonObject {
  const map: JsonObject = { type: "object", additionalProperties: { type: "string" } };
  return {
    type: "object",
    required: ["name"],
    properties: {
      name: { type: "string" },
      configRef: { type: "object", default: { name: "default" }, properties: { name: { type: "string" } } },
      metadata: { type: "object", properties: { labels: map, annotations: map, type: { type: "string" } } },
    },
  };
}
