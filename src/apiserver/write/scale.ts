import {
  badRequest,
  formatLabelSelector,
  isFields,
  type KubeObject,
  notFound,
  selectorFromObject,
  valueAt,
} from "../../apimachinery/index.ts";
import { setAt } from "../http/fields.ts";
import { type ApiResource, groupResourceOf, type ScalePaths } from "../resource.ts";

/** Shows the replica counts of an object as `autoscaling/v1 Scale`. @throws {StatusError} `NotFound` when it has none */
export function scaleOf(resource: ApiResource, object: KubeObject): KubeObject {
  const { scale } = resource;
  const { name = "", namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  if (scale === undefined) throw notFound(groupResourceOf(resource), name);
  const selector = selectorText(object, scale);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: countAt(object, scale.spec) },
    status: { replicas: countAt(object, scale.status), ...(selector === undefined ? {} : { selector }) },
  };
}

/**
 * The object with the replica count that a Scale asks for; its `resourceVersion` and `uid`, where given, must be the object's.
 *
 * @param object changed
 */
export function withScale(resource: ApiResource, object: KubeObject, wanted: unknown): KubeObject {
  const { scale } = resource;
  if (scale === undefined) return object;
  if (!isFields(wanted) || wanted["kind"] !== "Scale") throw badRequest("the object must be an autoscaling/v1 Scale");
  const replicas = valueAt(wanted, "spec", "replicas") ?? 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas))
    throw badRequest("spec.replicas of a Scale must be an integer");
  setAt(object, scale.spec, replicas);
  const { resourceVersion, uid } = isFields(wanted["metadata"]) ? wanted["metadata"] : {};
  if (typeof resourceVersion === "string" && resourceVersion !== "") object.metadata.resourceVersion = resourceVersion;
  if (typeof uid === "string" && uid !== "") object.metadata.uid = uid;
  return object;
}

function countAt(object: KubeObject, path: readonly string[]): number {
  const value = valueAt(object, ...path);
  return typeof value === "number" ? value : 0;
}

function selectorText(object: KubeObject, { selector }: ScalePaths): string | undefined {
  if (selector === undefined) return undefined;
  const value = valueAt(object, ...selector);
  if (typeof value === "string") return value;
  if (!isFields(value)) return undefined;
  // A ReplicationController has a plain map of labels.
  const { matchLabels, matchExpressions } = value;
  const plain = !isFields(matchLabels) && !Array.isArray(matchExpressions);
  return formatLabelSelector(selectorFromObject(plain ? { matchLabels: value } : value));
}
