import {
  badRequest,
  formatLabelSelector,
  internalError,
  invalid,
  isFields,
  type KubeObject,
  notFound,
  pruneUnknown,
  quoteGo,
  selectorFromObject,
  valueAt,
} from "../../apimachinery/index.ts";
import { builtinSchema, decodeBuiltin } from "../../apis/index.ts";
import type { BodyKind } from "../http/body.ts";
import { setAt } from "../http/fields.ts";
import { type ApiResource, groupResourceOf, type ScalePaths } from "../resource.ts";

const kind = { definition: "io.k8s.api.autoscaling.v1.Scale", kind: "Scale", version: "v1" };

/** What is sent to `scale`; as with every built-in kind, the URL says what it is when the body does not. */
export const scaleBody: BodyKind = {
  apiVersion: "autoscaling/v1",
  kind: kind.kind,
  version: kind.version,
  custom: undefined,
  rules: {
    decode: (object) => decodeBuiltin(kind, object),
    prune: (object) => pruneUnknown(object, builtinSchema(kind.definition)),
  },
};

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
 * Custom resources can be without a count, and then have no scale to read.
 *
 * @throws {StatusError} `InternalError`
 */
export function checkCounted({ custom, scale }: ApiResource, object: KubeObject): void {
  if (custom === undefined || scale === undefined || valueAt(object, ...scale.spec) !== undefined) return;
  throw internalError(`the spec replicas field ${quoteGo(pathText(scale.spec))} does not exist`);
}

/** What a patch of a Scale is laid over: a count that is not there is the one that nobody can ask for. */
export function patchedScale(resource: ApiResource, object: KubeObject): KubeObject {
  const shown = scaleOf(resource, object);
  const { scale } = resource;
  if (scale === undefined || valueAt(object, ...scale.spec) !== undefined) return shown;
  return { ...shown, spec: { replicas: noCount } };
}

/** Smallest 32-bit integer. */
const noCount = -(2 ** 31);

function pathText(path: readonly string[]): string {
  return path.map((part) => `.${part}`).join("");
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
  if (replicas === noCount)
    throw badRequest(`the spec replicas field ${quoteGo(pathText(scale.spec))} cannot be empty`);
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
    const cause = { reason: "FieldValueInvalid", message, field: "spec.replicas" };
    throw invalid({ group: "autoscaling", kind: kind.kind }, object.metadata.name ?? "", [cause]);
  }
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
