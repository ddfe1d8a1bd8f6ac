import {
  conflict,
  deepEqual,
  invalid,
  type KubeObject,
  type ManagedFieldsEntry,
  notFound,
  trackUpdate,
} from "../../apimachinery/index.ts";
import { CompareError, type Entry } from "../../storage/index.ts";
import { type ApiResource, groupKindOf, groupResourceOf } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { decodeStored } from "../stored.ts";
import { setManagedFields, type Writing, type Written } from "./create.ts";

/**
 * How often a write that does not insist on a revision starts anew because another came between; as in Kubernetes'
 * PATCH. Only admission that waits lets others come between.
 */
const attemptsMax = 5;

/** Which object, and through which of its paths; an empty `subresource` is the object itself. */
export type Place = { resource: ApiResource; namespace: string; name: string; subresource: string };

/** The new state of an object. */
export type Change = {
  object: KubeObject;
  /** Who owns its fields, when that is known already. */
  managed?: ManagedFieldsEntry[];
  /** The server itself decided it: neither restored to what clients may change nor validated. */
  internal?: boolean;
};

/**
 * Moves an object from the state it is in to another.
 *
 * @param change makes the new state, which must share nothing that may change with the live object; may be asked again
 * @throws {StatusError} `NotFound`, `Conflict`, `Invalid` and what `change` throws
 */
export async function updateObject(
  server: Server,
  place: Place,
  writing: Writing,
  change: (live: Readonly<KubeObject>) => Change,
): Promise<Written> {
  return await fromLatest(server, place, async (entry) => await step(server, place, writing, entry, change));
}

/**
 * Writes what `step` makes of the newest state of an object, and starts anew when another write came between.
 *
 * @throws {StatusError} `NotFound`, or `Conflict` when others came between each time
 */
export async function fromLatest(
  server: Server,
  { resource, namespace, name }: Place,
  step: (entry: Entry) => Promise<Written>,
): Promise<Written> {
  const key = server.keys.key(resource.storageName, namespace, name);
  for (let attempt = 1; ; attempt++) {
    const entry = server.store.latest(key);
    if (entry === undefined) throw notFound(groupResourceOf(resource), name);
    try {
      return await step(entry);
    } catch (error) {
      if (!(error instanceof CompareError)) throw error;
      if (attempt >= attemptsMax) throw conflict(groupResourceOf(resource), name);
    }
  }
}

async function step(
  server: Server,
  place: Place,
  writing: Writing,
  entry: Entry,
  change: (live: Readonly<KubeObject>) => Change,
): Promise<Written> {
  const { resource, namespace, name, subresource } = place;
  const { rules } = resource;
  const live = liveObject(server, resource, entry);
  const { object, managed, internal = false } = change(live);
  checkIdentity(resource, object, live);
  keepSystemMetadata(object, live);
  if (!internal) {
    rules.applyDefaults(object);
    rules.prepareForUpdate(object, live, subresource);
  }
  const { user, dryRun, warnings } = writing;
  const attempt = {
    operation: "UPDATE" as const,
    resource,
    subresource,
    namespace,
    name,
    object,
    live,
    user,
    dryRun,
    warnings,
  };
  const mutating = server.admission.mutate(server, attempt);
  if (mutating !== undefined) await mutating;
  const causes = internal ? [] : rules.validateUpdate(object, live, subresource);
  if (causes.length > 0) throw invalid(groupKindOf(resource), name, causes);
  const validating = server.admission.validate(server, attempt);
  if (validating !== undefined) await validating;
  if (isUnchanged(resource, entry, object, live, managed)) {
    await server.writer.settled(entry.key);
    return { object: live, entry, outcome: "unchanged" };
  }
  setManagedFields(object.metadata, managed ?? track(server, place, writing.manager, object, live));
  const revision = entry.modRevision;
  if (isFinished(object)) {
    if (!dryRun) await server.writer.delete(entry.key, revision);
    return { object, entry: undefined, outcome: "deleted" };
  }
  if (dryRun) return { object, entry: undefined, outcome: "updated" };
  const written = await server.writer.put(entry.key, revision, resource.toStored(object));
  return { object, entry: written, outcome: "updated" };
}

/** What is stored, as a version shows it. Nobody may change it: it is shared wherever that is possible. */
export function liveObject(server: Server, resource: ApiResource, { value, modRevision }: Entry): Readonly<KubeObject> {
  return resource.showsStored(value, modRevision) ? server.parsed(value) : resource.fromStored(decodeStored(value));
}

/** @throws {StatusError} `Conflict` when the new state was made from another object or another revision */
function checkIdentity(resource: ApiResource, object: KubeObject, live: KubeObject): void {
  const { uid, resourceVersion, name = "" } = object.metadata;
  if (uid !== undefined && uid !== live.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
    throw conflict(groupResourceOf(resource), name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== "0" && resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(groupResourceOf(resource), name);
  }
  if (resourceVersion === undefined && !resource.unconditionalUpdate) {
    const message = "Invalid value: 0x0: must be specified for an update";
    throw invalid(groupKindOf(resource), name, [
      { reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" },
    ]);
  }
}

/** Metadata that no client may change. */
function keepSystemMetadata(object: KubeObject, live: KubeObject): void {
  const {
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generateName,
    namespace,
  } = live.metadata;
  const { generateName: _ignored, ...sent } = object.metadata;
  object.metadata = {
    ...sent,
    ...defined({ generateName, namespace, uid, resourceVersion, generation }),
    ...defined({ creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds }),
  };
  if (generation === undefined) delete object.metadata.generation;
  if (deletionTimestamp === undefined) delete object.metadata.deletionTimestamp;
  if (deletionGracePeriodSeconds === undefined) delete object.metadata.deletionGracePeriodSeconds;
}

function defined<T extends object>(fields: T): Partial<T> {
  const copy: Partial<T> = { ...fields };
  for (const key in copy) if (copy[key] === undefined) delete copy[key];
  return copy;
}

/** Deleted, and nobody wants it to stay: neither a finalizer nor a grace period. */
export function isFinished({ metadata, spec, kind, apiVersion }: KubeObject): boolean {
  if (metadata.deletionTimestamp === undefined || (metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  if ((metadata.finalizers?.length ?? 0) > 0) return false;
  return !(kind === "Namespace" && apiVersion === "v1" && holdsFinalizers(spec));
}

function holdsFinalizers(spec: unknown): boolean {
  return (
    typeof spec === "object" &&
    spec !== null &&
    "finalizers" in spec &&
    Array.isArray(spec.finalizers) &&
    spec.finalizers.length > 0
  );
}

function track(
  server: Server,
  place: Place,
  manager: string,
  object: KubeObject,
  live: KubeObject,
): ManagedFieldsEntry[] {
  const { resource, subresource } = place;
  return trackUpdate({
    before: live,
    after: object,
    schema: resource.rules.schema(),
    manager,
    ...(subresource === "" ? {} : { subresource }),
    now: timestamp(server.now()),
  });
}

/** Whether a write would change nothing in the store: neither what the object says nor the form in which it is kept. */
function isUnchanged(
  resource: ApiResource,
  entry: Entry,
  object: KubeObject,
  live: KubeObject,
  managed: ManagedFieldsEntry[] | undefined,
): boolean {
  if (!sameBesideManagedFields(object, live)) return false;
  if (managed !== undefined && !sameOwners(managed, live.metadata.managedFields)) return false;
  if (resource.isCurrent(entry.value, entry.modRevision)) return true;
  const { metadata: _stored, ...stored } = decodeStored(entry.value);
  const { metadata: _written, ...written } = resource.toStored({ ...object });
  return deepEqual(stored, written);
}

function sameBesideManagedFields(object: KubeObject, live: KubeObject): boolean {
  const { managedFields, ...metadata } = object.metadata;
  const { managedFields: owners, ...liveMetadata } = live.metadata;
  if (!deepEqual({ ...object, metadata }, { ...live, metadata: liveMetadata })) return false;
  return managedFields === undefined || sameOwners(managedFields, owners);
}

/** Owners are the same when they own the same; when they last wrote does not matter. */
function sameOwners(a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[] = []): boolean {
  return (
    a.length === b.length && a.every((entry, index) => deepEqual({ ...entry, time: "" }, { ...b[index], time: "" }))
  );
}
