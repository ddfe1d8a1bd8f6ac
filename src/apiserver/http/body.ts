import {
  badRequest,
  invalid,
  invalidValue,
  isFields,
  type KubeObject,
  type StatusError,
} from "../../apimachinery/index.ts";
import type { ApiResource } from "../resource.ts";
import type { Body } from "./decode.ts";
import type { FieldValidation } from "./query.ts";

/** How a request deals with fields that the kind does not have or that stand twice. */
export type Strictness = { mode: FieldValidation; warnings: string[] };

/**
 * Makes an object of the resource's kind out of a decoded body: of the right type, its values in the form the server keeps,
 * without unknown fields.
 *
 * @throws {StatusError} `BadRequest` for another kind, for values of a wrong type, and with `Strict` for fields that do not belong
 */
export function objectFrom(body: Body, resource: ApiResource, strictness: Strictness): KubeObject {
  const object = typedObject(body.value, resource);
  resource.rules.decode(object);
  cleanFields(object, resource, strictness, body.duplicates, (problems) => notHandled(resource, problems));
  return object;
}

/** The same for what a patch has made of an object; a problem is then the patch's. */
export function objectFromPatch(
  object: KubeObject,
  resource: ApiResource,
  strictness: Strictness,
  patch: { value: unknown; duplicates: () => string[] },
): KubeObject {
  resource.rules.decode(object);
  cleanFields(object, resource, strictness, patch.duplicates, (problems) => {
    const cause = invalidValue("patch", JSON.stringify(patch.value), `strict decoding error: ${problems}`);
    return invalid({ group: "", kind: "" }, "", [cause]);
  });
  return object;
}

function cleanFields(
  object: KubeObject,
  resource: ApiResource,
  { mode, warnings }: Strictness,
  duplicates: () => string[],
  refusal: (problems: string) => StatusError,
): void {
  keepReset(object);
  const unknown = resource.rules.prune(object);
  if (mode === "Ignore") return;
  const problems = [
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ...duplicates().map((path) => `duplicate field ${JSON.stringify(path)}`),
  ];
  if (problems.length === 0) return;
  if (mode === "Strict") throw refusal(problems.join(", "));
  warnings.push(...problems);
}

/** An empty list of managers means that tracking starts anew, as one empty entry does, which pruning leaves alone. */
function keepReset({ metadata }: KubeObject): void {
  const { managedFields } = metadata as { managedFields?: unknown };
  if (Array.isArray(managedFields) && managedFields.length === 0) Object.assign(metadata, { managedFields: [{}] });
}

function typedObject(value: unknown, resource: ApiResource): KubeObject {
  if (!isFields(value)) throw notHandledBecause(resource, "an object is expected");
  // A built-in object may leave out what the URL says; a custom one has no other way to say what it is.
  const { apiVersion = missing(resource), kind = missing(resource) } = value;
  if (kind === undefined) throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(value)}'`);
  if (apiVersion === undefined) throw badRequest(`Object 'apiVersion' is missing in '${JSON.stringify(value)}'`);
  const seen = {
    apiVersion: apiVersion === "" ? resource.apiVersion : apiVersion,
    kind: kind === "" ? resource.kind : kind,
  };
  if (seen.apiVersion !== resource.apiVersion) {
    const versions = `data (${String(apiVersion)}) does not match the expected API version (${resource.apiVersion})`;
    throw badRequest(`the API version in the ${versions}`);
  }
  if (seen.kind !== resource.kind) {
    const why = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`;
    throw badRequest(
      `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: ${why} here`,
    );
  }
  const metadata = value["metadata"] ?? {};
  if (!isFields(metadata)) throw notHandledBecause(resource, "json: cannot unmarshal metadata: an object is expected");
  value["metadata"] = metadata;
  return Object.assign(value, { apiVersion: resource.apiVersion, kind: resource.kind, metadata });

  function missing({ custom }: ApiResource): string | undefined {
    return custom === undefined ? "" : undefined;
  }
}

function notHandled(resource: ApiResource, problems: string): StatusError {
  return notHandledBecause(resource, `strict decoding error: ${problems}`);
}

function notHandledBecause({ kind, version }: ApiResource, why: string): StatusError {
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
}
