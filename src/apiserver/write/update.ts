import {
  cloneJson,
  conflict,
  deepEqual,
  invalid,
  invalidValue,
  type KubeObject,
  type ManagedFieldsEntry,
  notFound,
  quoteGo,
  trackUpdate,
  unknownError,
} from "../../apimachinery/index.ts";
import { CompareError, type Entry } from "../../storage/index.ts";
import { newAttempt, undoAttempt } from "../admission/admit.ts";
import { type ApiResource, groupKindOf, groupResourceOf, readable, storedForm } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { decodeStored } from "../stored.ts";
import { setManagedFields, type Writing, type Written } from "./create.ts";
import { dropRepeatedOwners } from "./owners.ts";

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
  /** The client sent the object, not a patch of it: the `uid` in it is then a precondition. */
  isWhole?: boolean;
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
  const { namespace, name, subresource } = place;
  const resource = place.resource.converter === undefined ? place.resource : await readable(place.resource, [entry]);
  const { rules } = resource;
  const live = liveObject(server, resource, entry);
  const { object, managed, isWhole = false, internal = false } = change(live);
  checkIdentity(resource, object, live, isWhole);
  keepSystemMetadata(object, live);
  dropRepeatedOwners(object.metadata, writing.warnings, !isWhole);
  if (!internal) rules.applyDefaults(object);
  let prepared = internal;
  const owners = () => {
    if (managed !== undefined) return managed;
    const settled = prepared ? object : cloneJson(object);
    if (!prepared) rules.prepareForUpdate(settled, live, subresource);
    return track(server, place, writing.manager, settled, live);
  };
  const attempt = newAttempt({
    operation: "UPDATE",
    resource,
    subresource,
    namespace,
    name,
    object,
    live,
    owners,
    ...writing,
  });
  const { admission } = server;
  const admitted = internal || writing.admitted === true;
  const mutating = admitted ? undefined : admission.mutate(server, attempt);
  if (mutating !== undefined) await mutating;
  if (!internal) rules.prepareForUpdate(object, live, subresource);
  prepared = true;
  const completing = internal ? undefined : admission.complete(server, attempt);
  if (completing !== undefined) await completing;
  const warn = (text: string) => void writing.warnings.push(text);
  const causes = internal ? [] : rules.validateUpdate(object, live, subresource, warn);
  if (causes.length > 0) throw invalid(groupKindOf(resource), name, causes);
  if (!internal) writing.warnings.push(...(rules.warnings?.(object, live, subresource) ?? []));
  const validating = admitted ? undefined : admission.validate(server, attempt);
  if (validating !== undefined) await validating;
  try {
    return await write(
      server,
      { ...place, resource },
      entry,
      { object, live, managed, owners: attempt.owners },
      writing,
    );
  } catch (error) {
    undoAttempt(attempt);
    throw error;
  }
}

/** What plug-ins have agreed to. */
type Admitted = {
  object: KubeObject;
  live: Readonly<KubeObject>;
  managed: ManagedFieldsEntry[] | undefined;
  owners: () => ManagedFieldsEntry[];
};

async function write(
  server: Server,
  { resource }: Place,
  entry: Entry,
  { object, live, managed, owners }: Admitted,
  { dryRun }: Writing,
): Promise<Written> {
  const stored = resource.converter === undefined ? undefined : await storedForm(resource, object);
  if (isUnchanged(resource, entry, object, live, managed, stored)) {
    await server.writer.settled(entry.key);
    return { object: live, entry, outcome: "unchanged" };
  }
  setManagedFields(object.metadata, owners());
  const revision = entry.modRevision;
  if (isFinished(object)) {
    if (!dryRun) await server.writer.delete(entry.key, revision);
    return { object, entry: undefined, outcome: "deleted" };
  }
  if (dryRun) return { object, entry: undefined, outcome: "updated" };
  const written = await server.writer.put(
    entry.key,
    revision,
    withManagers(stored, object) ?? resource.toStored(object),
  );
  return { object, entry: written, outcome: "updated" };
}

function withManagers(stored: KubeObject | undefined, { metadata }: KubeObject): KubeObject | undefined {
  if (stored === undefined) return undefined;
  const copy = { ...stored, metadata: { ...stored.metadata } };
  setManagedFields(copy.metadata, metadata.managedFields ?? []);
  return copy;
}

/** What is stored, as a version shows it. Nobody may change it: it is shared wherever that is possible. */
export function liveObject(server: Server, resource: ApiResource, { value, modRevision }: Entry): Readonly<KubeObject> {
  return resource.showsStored(value, modRevision) ? server.parsed(value) : resource.fromStored(decodeStored(value));
}

/** @throws {StatusError} `Conflict` when the new state was made from another object or another revision */
function checkIdentity(resource: ApiResource, object: KubeObject, live: KubeObject, isWhole: boolean): void {
  const { uid, resourceVersion, name = "" } = object.metadata;
  if (resourceVersion !== undefined && !/^\d+$/.test(resourceVersion)) {
    throw unknownError(`strconv.ParseUint: parsing ${quoteGo(resourceVersion)}: invalid syntax`);
  }
  if (uid !== undefined && uid !== live.metadata.uid && !isWhole) {
    throw invalid(groupKindOf(resource), name, [invalidValue("metadata.uid", uid, "field is immutable")]);
  }
  if (uid !== undefined && uid !== live.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
    throw conflict(groupResourceOf(resource), name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== "0" && resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(groupResourceOf(resource), name);
  }
  if (resourceVersion === undefined && !resource.unconditionalUpdate) {
    const message = "Invalid value: 0: must be specified for an update";
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
  converted: KubeObject | undefined,
): boolean {
  if (!sameBesideManagedFields(object, live)) return false;
  if (managed !== undefined && !sameOwners(managed, live.metadata.managedFields)) return false;
  if (resource.isCurrent(entry.value, entry.modRevision)) return true;
  const { metadata: _stored, ...stored } = decodeStored(entry.value);
  const { metadata: _written, ...written } = converted ?? resource.toStored({ ...object });
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
