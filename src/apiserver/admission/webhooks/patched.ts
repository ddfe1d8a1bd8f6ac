import {
  applyJsonPatch,
  badRequest,
  conflict,
  deepEqual,
  internalError,
  invalid,
  invalidValue,
  isFields,
  isStatusError,
  type JsonValue,
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type StatusCause,
} from "../../../apimachinery/index.ts";
import { type ApiResource, groupKindOf, groupResourceOf } from "../../resource.ts";
import type { Attempt } from "../admit.ts";

/**
 * What a webhook's patch makes of an object, as the server takes it: fields it does not know are dropped, defaults are filled in,
 * and what is the server's own stays.
 *
 * @param view the object as the webhook saw it
 * @throws {StatusError} `InternalError` when the patch does not apply, or what is refused of a changed identity
 */
export function patchedObject(attempt: Attempt, asked: ApiResource, view: KubeObject, patch: unknown[]): KubeObject {
  const changed = apply(view, patch);
  // A Scale, a Binding and an Eviction have no rules of their own.
  if (attempt.kind === undefined && attempt.subresource !== "scale") {
    internally(() => asked.rules.decode(changed));
    asked.rules.prune(changed);
    asked.rules.applyDefaults(changed);
  }
  takeManagers(attempt, view, changed);
  return { ...changed, metadata: ownMetadata(attempt, changed.metadata) };
}

function apply(view: KubeObject, patch: unknown[]): KubeObject {
  const result = internally(() => applyJsonPatch(view as unknown as JsonValue, patch));
  if (!isFields(result) || !isFields(result["metadata"])) throw internalError("a patch must leave an object");
  const { apiVersion, kind, metadata } = result;
  if (apiVersion !== view.apiVersion || kind !== view.kind) {
    const types = `(${view.apiVersion}, Kind=${view.kind}) to (${String(apiVersion)}, Kind=${String(kind)})`;
    throw internalError(`converting ${types}: unknown conversion`);
  }
  return { ...result, apiVersion: view.apiVersion, kind: view.kind, metadata };
}

/** What would be the client's fault is the webhook's here. */
function internally<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!isStatusError(error)) throw error;
    const { message } = error.cause instanceof Error ? error.cause : error;
    const why = message.replace(/^\S+ in version "\S+" cannot be handled as a \S+: /, "");
    throw internalError(why);
  }
}

const warningStart =
  ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ";

/** A webhook may say who owns what, if it says it well. */
function takeManagers(attempt: Attempt, { metadata: before }: KubeObject, { metadata }: KubeObject): void {
  const { managedFields = [] } = metadata;
  if (attempt.kind !== undefined || attempt.subresource === "scale") return;
  if (deepEqual(managedFields, before.managedFields ?? [])) return;
  const problem = managersProblem(managedFields);
  if (problem === undefined) attempt.owners = () => managedFields;
  else attempt.warnings.push(warningStart + problem);
}

function managersProblem(entries: readonly Partial<ManagedFieldsEntry>[]): string | undefined {
  for (const [index, { operation, apiVersion, fieldsType }] of entries.entries()) {
    if (operation !== "Apply" && operation !== "Update") return "operation must be `Apply` or `Update`";
    if (!apiVersion) return "apiVersion must not be empty";
    if (!fieldsType) return `missing fieldsType in managed fields entry ${index}`;
    if (fieldsType !== "FieldsV1")
      return `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`;
  }
  return undefined;
}

const systemFields = [
  ...(["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"] as const),
  ...(["deletionGracePeriodSeconds", "managedFields"] as const),
];

/** @throws {StatusError} when the object has become another one */
function ownMetadata(attempt: Attempt, changed: ObjectMeta): ObjectMeta {
  const { object, operation, resource, name } = attempt;
  const before = object?.metadata ?? {};
  if ((changed.namespace ?? "") !== (before.namespace ?? "") && changed.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  const metadata: ObjectMeta = { ...changed };
  if (before.namespace !== undefined) metadata.namespace = before.namespace;
  if (operation === "UPDATE") {
    const { resourceVersion } = changed;
    if (resourceVersion && resourceVersion !== before.resourceVersion) throw conflict(groupResourceOf(resource), name);
    const causes: StatusCause[] = [];
    for (const field of ["name", "uid"] as const) {
      const value = changed[field];
      if (value && value !== before[field]) causes.push(invalidValue(`metadata.${field}`, value, "field is immutable"));
    }
    if (causes.length > 0) throw invalid(groupKindOf(resource), changed.name ?? name, causes);
  }
  for (const field of systemFields) {
    delete metadata[field];
    if (before[field] !== undefined) Object.assign(metadata, { [field]: before[field] });
  }
  if (!metadata.name && before.name !== undefined) metadata.name = before.name;
  return metadata;
}
