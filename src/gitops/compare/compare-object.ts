import { type Fields, isFields, type KubeObject } from "../../apimachinery/index.ts";
import { groupOf } from "../object/key.ts";
import { type IgnoredPaths, withoutPaths } from "./ignore-differences.ts";
import { holdsQuantities, isSameQuantity } from "./quantity.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Whether applying a target would change the live object in a way that counts.
 *
 * @param predicted the live object as it would be after the apply, from a dry run of the API server; so defaults, merged
 *   lists and fields of others are as they would really be. Without one the target is laid over the live object.
 */
export function isModified(comparison: {
  target: KubeObject;
  live: KubeObject;
  predicted?: KubeObject | undefined;
  ignored: IgnoredPaths;
}): boolean {
  const { target, live, ignored } = comparison;
  const predicted = comparison.predicted ?? (overlay(live, target) as KubeObject);
  return !isSame(comparable(predicted, live, ignored), comparable(live, live, ignored), false);
}

/** What of an object counts: not its status, not what the server keeps about it, not what the application ignores. */
function comparable(object: KubeObject, live: KubeObject, ignored: IgnoredPaths): Fields {
  const { status, metadata, ...rest } = withoutPaths(object, ignored(object, live));
  const { uid, resourceVersion, generation, creationTimestamp, managedFields, ...kept } = metadata;
  const { [lastApplied]: _, ...annotations } = metadata.annotations ?? {};
  return { ...normalizeKind(rest, object), metadata: { ...kept, annotations } };
}

function normalizeKind(rest: Fields, object: KubeObject): Fields {
  if (object.kind === "Secret" && object.apiVersion === "v1" && isFields(rest["data"])) {
    return {
      ...rest,
      data: Object.fromEntries(Object.entries(rest["data"]).map(([name, value]) => [name, value ?? ""])),
    };
  }
  const isRole = object.kind === "Role" || object.kind === "ClusterRole";
  if (!isRole || groupOf(object) !== "rbac.authorization.k8s.io") return rest;
  const { rules, ...other } = rest;
  return Array.isArray(rules) && rules.length > 0 ? rest : other;
}

/** Fields that are null or absent are the same, and so are maps without fields in metadata. */
function isSame(a: unknown, b: unknown, quantities: boolean): boolean {
  if (a === b || ((a ?? null) === null && (b ?? null) === null)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index], quantities));
  }
  if (isFields(a) && isFields(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...names].every((name) => isSameField(name, a[name], b[name], quantities));
  }
  return quantities && isSameQuantity(a, b);
}

function isSameField(name: string, a: unknown, b: unknown, quantities: boolean): boolean {
  if (name === "labels" || name === "annotations") return isSame(a ?? {}, b ?? {}, false);
  return isSame(a, b, quantities || holdsQuantities(name) || name === "storage");
}

function overlay(live: unknown, target: unknown): unknown {
  if (!isFields(live) || !isFields(target)) return target;
  const merged = Object.entries(target).map(([name, value]) => [name, overlay(live[name], value)]);
  return { ...live, ...Object.fromEntries(merged) };
}
