import {
  applyJsonPatch,
  applyMergePatch,
  applyServerSide,
  applyStrategicMergePatch,
  badRequest,
  compareUtf8,
  conflict,
  type Fields,
  invalid,
  invalidValue,
  isFields,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  parseApiVersion,
  quoteGo,
  StatusError,
  textAt,
  unsupportedMediaType,
} from "../../apimachinery/index.ts";
import { type HttpRequest, readBody } from "../../lib/index.ts";
import { describeJson } from "../http/body.ts";
import { type Body, bodyBytesMax, decodeJson, decodeYaml } from "../http/decode.ts";
import { parseMediaType } from "../http/negotiate.ts";
import { patchTypes } from "../openapi/operations.ts";
import { type ApiResource, groupResourceOf } from "../resource.ts";

/** What a PATCH carries. A body that is no patch is refused when it is applied: what is not there cannot be patched at all. */
export type Patch = { type: "json" | "merge" | "strategic" | "apply"; body: Body };

const types: Readonly<Record<string, Patch["type"]>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/** Reads the body of a PATCH. @throws {StatusError} `UnsupportedMediaType` for a patch that the resource does not take */
export async function readPatch(request: HttpRequest, resource: ApiResource): Promise<Patch> {
  const contentType = parseMediaType(request.headers["content-type"] ?? "").type;
  const isCustom = resource.custom !== undefined;
  const accepted = patchTypes(isCustom);
  const type = accepted.includes(contentType) ? types[contentType] : undefined;
  if (type === undefined && isCustom) throw unsupportedMediaType(accepted);
  if (type === undefined) throw new StatusError("UnsupportedMediaType", "415: Unsupported Media Type", {});
  const bytes = await readBody(request.body, bodyBytesMax);
  return { type, body: type === "apply" ? decodeYaml(bytes) : decodeJson(bytes) };
}

/** The object in the body of an apply. @throws {StatusError} `BadRequest` for what is not one of the resource's kind */
export function appliedObject({ body }: Patch, { apiVersion, kind }: ApiResource): KubeObject {
  const { fault, value } = body;
  if (fault !== undefined) throw badRequest(`error decoding YAML: error converting YAML to JSON: ${fault}`);
  const object = value ?? {};
  if (!isFields(object)) {
    const why = `json: cannot unmarshal ${describeJson(object)} into Go value of type map[string]interface {}`;
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  const sent = parseApiVersion(textAt(object, "apiVersion"));
  if (textAt(object, "apiVersion") !== apiVersion || textAt(object, "kind") !== kind) {
    throw badRequest(`invalid object type: ${sent.group}/${sent.version}, Kind=${textAt(object, "kind")}`);
  }
  const { metadata } = object;
  return { ...object, apiVersion, kind, metadata: isFields(metadata) ? metadata : {} };
}

/**
 * The object that a patch makes of another one; neither is changed, but the result shares parts with both. It is of the same
 * kind, but has to be decoded.
 *
 * @throws {StatusError} when the patch does not fit the object
 */
export function patched(resource: ApiResource, live: Readonly<KubeObject>, patch: Patch): KubeObject {
  const result = patchedJson(resource, jsonOf(live), patch);
  if (!isFields(result)) throw unfit(patch, result, `cannot restore struct from: ${describeJson(result)}`);
  const { apiVersion, kind } = live;
  // Kubernetes patches a struct that has neither.
  if (patch.type !== "strategic") checkKind(patch, result, live, resource);
  return { ...result, apiVersion, kind, metadata: metadataOf(result["metadata"]) };
}

/** `metadata` of a wrong type is for the decoder to refuse. */
function metadataOf(value: unknown): KubeObject["metadata"] {
  return (value ?? {}) as KubeObject["metadata"];
}

function checkKind(patch: Patch, result: Fields, live: KubeObject, resource: ApiResource): void {
  const { apiVersion, kind } = result;
  const isCustom = resource.custom !== undefined;
  if (isCustom && !kind) throw unfit(patch, result, `Object 'Kind' is missing in '${JSON.stringify(result)}'`);
  if (isCustom && kind !== live.kind) {
    const cause = invalidValue("kind", kind, `must be ${live.kind}`);
    throw invalid({ group: resource.group, kind: String(kind) }, live.metadata.name ?? "", [cause]);
  }
  if (!apiVersion) throw namelessPatch(live.metadata.name ?? "");
  if ((kind && kind !== live.kind) || apiVersion !== live.apiVersion) {
    const known = `no kind ${quoteGo(String(kind))} is registered for version ${quoteGo(String(apiVersion))}`;
    throw unfit(patch, result, `${known} in scheme "pkg/api/legacyscheme/scheme.go:30"`);
  }
}

function namelessPatch(name: string): StatusError {
  return badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}

/** The refusal of a patch that makes something of an object which is no longer one. */
export function unfit({ type, body }: Patch, result: unknown, why: string): StatusError {
  const shown = type === "strategic" ? formatGoMap(body.value) : JSON.stringify(result);
  return invalid({ group: "", kind: "" }, "", [invalidValue("patch", shown, why)]);
}

/** Maps as Go prints them with `%+v`: `map[data:map[a:5]]`. */
function formatGoMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatGoMap).join(" ")}]`;
  if (!isFields(value)) return value === null ? "<nil>" : String(value);
  const fields = Object.entries(value).sort(([a], [b]) => compareUtf8(a, b));
  return `map[${fields.map(([key, field]) => `${key}:${formatGoMap(field)}`).join(" ")}]`;
}

function patchedJson(resource: ApiResource, target: JsonValue, patch: Patch): JsonValue {
  const { type, body } = patch;
  if (body.fault !== undefined) {
    const fault = body.fault.replace("couldn't get version/kind; json parse error: ", "");
    throw badRequest(type === "strategic" ? fault : `error decoding patch: ${fault}`);
  }
  const value = jsonOf(body.value);
  if (type === "json") return applyJsonPatch(target, operationsOf(value));
  if (value === null && type === "merge") throw badRequest("Invalid JSON Patch");
  const changes = value ?? {};
  if (typeof changes !== "object" || Array.isArray(changes)) {
    const why = `json: cannot unmarshal ${describeJson(value)} into Go value of type map[string]interface {}`;
    throw badRequest(type === "strategic" ? why : `error decoding patch: ${why}`);
  }
  if (type === "merge") return applyMergePatch(target, changes);
  return applyStrategicMergePatch(objectOf(target), changes, resource.rules.schema());
}

/** The operations of a JSON patch; each one's fields have the types they should. */
function operationsOf(value: JsonValue): JsonValue[] {
  const operations = value ?? [];
  if (!Array.isArray(operations)) throw misfit(value, "value of type []handlers.jsonPatchOp");
  for (const operation of operations) {
    if (!isFields(operation)) throw misfit(operation, "value of type handlers.jsonPatchOp");
    for (const field of ["op", "path", "from"]) {
      const part = operation[field] ?? "";
      if (typeof part !== "string") throw misfit(part, `struct field jsonPatchOp.${field} of type string`);
    }
  }
  return operations;
}

function misfit(value: unknown, target: string): StatusError {
  return badRequest(`error decoding patch: json: cannot unmarshal ${describeJson(value)} into Go ${target}`);
}

/** Merges what a client applies; see `applyServerSide`. @param live `undefined` when it does not exist yet */
export function applied(
  resource: ApiResource,
  live: KubeObject | undefined,
  sent: KubeObject,
  options: { manager: string; force: boolean; subresource: string; now: string },
): KubeObject {
  const { manager, force, subresource, now } = options;
  const { uid, resourceVersion, name = "" } = sent.metadata;
  if (live === undefined && uid !== undefined) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(groupResourceOf(resource), name, why);
  }
  if (live !== undefined && resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(groupResourceOf(resource), name);
  }
  return applyServerSide({
    live,
    applied: sent,
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
