import {
  applyJsonPatch,
  applyMergePatch,
  applyServerSide,
  applyStrategicMergePatch,
  badRequest,
  conflict,
  formatGoValue,
  invalid,
  isFields,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  requestTooLarge,
  type StatusError,
  unsupportedMediaType,
} from "../../apimachinery/index.ts";
import { type HttpRequest, readBody } from "../../lib/index.ts";
import { type Body, bodyBytesMax, decodeJson, decodeYaml } from "../http/decode.ts";
import { parseMediaType } from "../http/negotiate.ts";
import { patchTypes } from "../openapi/operations.ts";
import { type ApiResource, groupResourceOf } from "../resource.ts";

/** As in Kubernetes (`maxJSONPatchOperations`). */
const operationsMax = 10_000;

/** What a PATCH carries. */
export type Patch =
  | { type: "json" | "merge" | "strategic"; body: Body }
  | { type: "apply"; body: Body; applied: KubeObject };

const types: Readonly<Record<string, Patch["type"]>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/**
 * Reads the body of a PATCH.
 *
 * @throws {StatusError} `UnsupportedMediaType` for a patch that the resource does not take, `BadRequest` for one that is broken
 */
export async function readPatch(request: HttpRequest, resource: ApiResource): Promise<Patch> {
  const accepted = patchTypes(resource.custom !== undefined);
  const contentType = parseMediaType(request.headers["content-type"] ?? "").type;
  const type = accepted.includes(contentType) ? types[contentType] : undefined;
  if (type === undefined) throw unsupportedMediaType(accepted);
  const bytes = await readBody(request.body, bodyBytesMax);
  if (type === "apply") {
    const body = decodeYaml(bytes);
    return { type, body, applied: appliedObject(body.value) };
  }
  const body = decodeJson(bytes);
  if (type === "json") {
    if (!Array.isArray(body.value)) throw badRequest("error decoding patch: a JSON patch is an array of operations");
    const count = body.value.length;
    if (count > operationsMax) {
      throw requestTooLarge(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${count}`);
    }
  } else if (!isFields(body.value)) {
    throw badRequest("error decoding patch: a merge patch is an object");
  }
  return { type, body };
}

function appliedObject(value: unknown): KubeObject {
  if (!isFields(value)) throw badRequest("error decoding YAML: an object is expected");
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || apiVersion === "") throw badRequest("apiVersion must be set");
  if (typeof kind !== "string" || kind === "") throw badRequest("kind must be set");
  return { ...value, apiVersion, kind, metadata: isFields(metadata) ? metadata : {} };
}

/**
 * The object that a patch makes of another one; neither is changed, but the result shares parts with both.
 *
 * @throws {StatusError} when the patch does not fit the object
 */
export function patched(
  resource: ApiResource,
  live: Readonly<KubeObject>,
  patch: Exclude<Patch, { type: "apply" }>,
): KubeObject {
  const target = jsonOf(live);
  const value = jsonOf(patch.body.value);
  const result = patchedJson(resource, target, value, patch.type);
  if (!isFields(result) || !isFields(result["metadata"])) {
    throw invalid({ group: "", kind: "" }, "", [
      {
        reason: "FieldValueInvalid",
        message: `Invalid value: ${formatGoValue(result)}: metadata must be an object`,
        field: "patch",
      },
    ]);
  }
  const { apiVersion, kind, metadata } = result;
  if (apiVersion !== live.apiVersion || kind !== live.kind) throw typeChanged(resource, live, apiVersion, kind);
  return { ...result, apiVersion: live.apiVersion, kind: live.kind, metadata };
}

function patchedJson(
  resource: ApiResource,
  target: JsonValue,
  patch: JsonValue,
  type: "json" | "merge" | "strategic",
): JsonValue {
  switch (type) {
    case "json":
      return applyJsonPatch(target, patch);
    case "merge":
      return applyMergePatch(target, patch);
    case "strategic":
      return applyStrategicMergePatch(objectOf(target), objectOf(patch), resource.rules.schema());
  }
}

function typeChanged(resource: ApiResource, live: KubeObject, apiVersion: unknown, kind: unknown): StatusError {
  const why = `the patch changes the type of the object from ${live.apiVersion} ${live.kind} to ${String(apiVersion)} ${String(kind)}`;
  return badRequest(
    `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: ${why}`,
  );
}

/** Merges what a client applies; see `applyServerSide`. @param live `undefined` when it does not exist yet */
export function applied(
  resource: ApiResource,
  live: KubeObject | undefined,
  patch: { applied: KubeObject },
  options: { manager: string; force: boolean; subresource: string; now: string },
): KubeObject {
  const { manager, force, subresource, now } = options;
  const { uid, resourceVersion, name = "" } = patch.applied.metadata;
  if (live === undefined && uid !== undefined) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(groupResourceOf(resource), name, why);
  }
  if (live !== undefined && resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(groupResourceOf(resource), name);
  }
  return applyServerSide({
    live,
    applied: patch.applied,
    schema: resource.rules.schema(),
    manager,
    force,
    ...(subresource === "" ? {} : { subresource }),
    ...(subresource === "" && resource.hasStatus ? { ignored: [["status"]] } : {}),
    ...(subresource === "status" ? { ignored: [["spec"]] } : {}),
    now,
  });
}

/** Says to the compiler what JSON that was parsed is. */
function jsonOf(value: unknown): JsonValue {
  return value as JsonValue;
}

function objectOf(value: JsonValue): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badRequest("an object is expected");
  return value;
}
