import { isJsonObject, type JsonObject } from "../../apimachinery/index.ts";
import { followReference } from "./schema-walk.ts";

/**
 * What most who install a chart decide about, in the order in which they think of it. `*` is any name: the main component of a chart
 * often has its values below its own.
 */
const wellKnown: readonly string[] = [
  "enabled",
  "architecture",
  "replicaCount",
  "replicas",
  "image.repository",
  "image.tag",
  "service.type",
  "service.port",
  "ingress.enabled",
  "ingress.className",
  "ingress.ingressClassName",
  "ingress.host",
  "ingress.hostname",
  "ingress.hosts",
  "ingress.tls",
  "auth.enabled",
  "auth.username",
  "auth.database",
  "auth.password",
  "auth.existingSecret",
  "persistence.enabled",
  "persistence.size",
  "persistence.storageClass",
  "persistence.storageClassName",
  "primary.persistence.size",
  "master.persistence.size",
  "resources",
  "resourcesPreset",
  "autoscaling.enabled",
  "autoscaling.minReplicas",
  "autoscaling.maxReplicas",
];

/**
 * The fields of a chart's values to show first: what its schema requires, what decides which charts in it are installed, and what
 * is nearly always decided about.
 */
export function prominentValues(schema: JsonObject, conditions: readonly string[][]): string[][] {
  const required = requiredPaths(schema, schema, [], 0);
  const known = wellKnown.map((path) => path.split("."));
  const found = new Map<string, string[]>();
  for (const path of [...required, ...conditions, ...known]) {
    if (hasPath(schema, path)) found.set(path.join("\0"), path);
  }
  return [...found.values()];
}

/** How deep required fields are looked for: deeper ones are shown where they are. */
const requiredDepthMax = 3;

/** Required fields that nothing is known for: those with a default are answered already. */
function requiredPaths(root: JsonObject, node: JsonObject, path: readonly string[], depth: number): string[][] {
  const schema = followReference(root, node);
  const { required, properties } = { required: schema["required"], properties: schema["properties"] };
  if (!Array.isArray(required) || !isJsonObject(properties) || depth > requiredDepthMax) return [];
  return required.flatMap((name) => {
    const field = typeof name === "string" && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (typeof name !== "string" || !isJsonObject(field)) return [];
    const inner = [...path, name];
    if (field["default"] !== undefined) return [];
    const below = requiredPaths(root, field, inner, depth + 1);
    return below.length > 0 || isJsonObject(followReference(root, field)["properties"]) ? below : [inner];
  });
}

function hasPath(root: JsonObject, path: readonly string[]): boolean {
  let here: JsonObject = root;
  for (const name of path) {
    const properties = followReference(root, here)["properties"];
    const next = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!isJsonObject(next)) return false;
    here = next;
  }
  return path.length > 0;
}
