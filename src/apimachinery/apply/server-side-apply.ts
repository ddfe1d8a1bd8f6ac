import { isFields } from "../fields.ts";
import { formatGoJson } from "../go-format.ts";
import { parseExactJson } from "../integers.ts";
import { deepEqual } from "../json.ts";
import type { KubeObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { badRequest, unknownError } from "../status-error.ts";
import { appliedFaults } from "./check-applied.ts";
import { compareValues } from "./compare.ts";
import { difference, differenceBelow, type FieldSet, intersection, isSubset, union } from "./field-set.ts";
import { ignoredSet, readOrForget, recordUpdate, untracked, without } from "./managed-fields.ts";
import { type Manager, type Managers, managerId, withoutServerOwned, writeManagers } from "./managers.ts";
import { mergeValues } from "./merge.ts";
import { ownedPaths, withStructs } from "./owned-paths.ts";
import { reconcile, reconcileManagers } from "./reconcile.ts";
import { removePaths } from "./remove.ts";
import { rootType, type Type } from "./type.ts";
import { type Conflicts, conflictError, findConflicts, takeOver } from "./update-managers.ts";

export type Apply = {
  /** What is stored, in the version that is applied; `undefined` when it does not exist yet. */
  live: KubeObject | undefined;
  /** What the client sent, and nothing more: no defaults. */
  applied: KubeObject;
  schema: Schema;
  manager: string;
  /** Whether to take over fields that other managers own with another value. */
  force: boolean;
  subresource?: string;
  /** Paths that this endpoint does not write, such as `["status"]`; they are merged, but change no owner. */
  ignored?: readonly (readonly string[])[];
  /** RFC 3339, whole seconds. */
  now: string;
};

/**
 * Merges what a client applies into the stored object, as Kubernetes' server-side apply does. Fields that its manager applied
 * before and leaves out now are removed unless another manager owns them. Neither input is changed; the result may share parts
 * with both.
 *
 * @returns the merged object with its new `metadata.managedFields`, not yet defaulted; equal to `live` when nothing changes
 * @throws {StatusError} `Conflict` with a cause per field when another manager owns a field with another value, unless `force`;
 *   `BadRequest` when the object does not fit the schema
 */
export function applyServerSide(apply: Apply): KubeObject {
  const { applied, schema, force } = apply;
  const type = rootType(schema);
  checkApplied(applied, type);
  const live = untracked(apply.live ?? { apiVersion: applied.apiVersion, kind: applied.kind });
  const managers = storedManagers(apply);
  const applier = applierOf(apply);
  const id = managerId(applier);
  const ignored = ignoredSet(apply.ignored);

  const previous = managers.get(id);
  const last = reconcile(previous?.set, type);
  const set = differenceBelow(ownedPaths(applied, type), ignored);
  managers.set(id, { ...applier, time: previous?.time, set });
  const both = mergeValues(live, applied, type);
  // Most appliers apply what they applied before, and more.
  const dropped = isSubset(last, set) ? undefined : droppedPaths(both, last, ownedByAll(managers, type), type);
  const merged = removePaths(both, dropped, type, "null");
  // What lost all it had may still be applied as an empty map or list.
  const result = dropped === undefined ? both : mergeValues(removePaths(both, dropped, type, "gone"), applied, type);
  if (!isKubeObject(result)) throw badRequest("apply removes what makes it an object: apiVersion, kind or metadata");

  const comparison = managers.size === 1 ? undefined : without(compareValues(live, merged, type), ignored);
  if (comparison !== undefined) {
    const { added, modified, removed } = comparison;
    reconcileManagers(managers, type, union(union(added, modified), removed));
    const conflicts = findConflicts(managers, id, comparison);
    const refused = force ? new Map() : withoutAllowed(conflicts, apply, live, type);
    if (refused.size > 0) throw conflictError(managers, refused);
    takeOver(managers, id, comparison, conflicts);
  }
  const isChanged = dropped === undefined ? result !== live : !deepEqual(result, live);
  setApplier(managers, id, previous, apply, isChanged);
  return withManagers(withLastApplied(result, apply), managers);
}

function checkApplied(applied: KubeObject, type: Type): void {
  const { apiVersion, kind, metadata } = applied;
  if (metadata.managedFields !== undefined) throw badRequest("metadata.managedFields must be nil");
  const faults = appliedFaults(applied, type);
  if (faults.length === 0) return;
  const which = `${metadata.namespace ?? ""}/${metadata.name ?? ""}; ${apiVersion.includes("/") ? "" : "/"}${apiVersion}, Kind=${kind}`;
  const why = faults.length === 1 ? faults[0] : ["errors:", ...faults.map((fault) => `  ${fault}`)].join("\n");
  throw unknownError(`failed to create typed patch object (${which}): ${why}`);
}

function isKubeObject(value: unknown): value is KubeObject {
  if (!isFields(value)) return false;
  return typeof value["apiVersion"] === "string" && typeof value["kind"] === "string" && isFields(value["metadata"]);
}

/** What was there before anybody applied belongs to a manager of its own, so that applying does not remove it. */
function storedManagers(apply: Apply): Managers {
  const { live, schema, subresource = "", now } = apply;
  const managers = readOrForget(live?.metadata.managedFields);
  if (live === undefined || managers.size > 0) return managers;
  const writer = { name: "before-first-apply", apiVersion: apply.applied.apiVersion, subresource, time: now };
  recordUpdate(managers, { before: {}, after: live, schema, ignored: apply.ignored, writer });
  return managers;
}

function applierOf({ manager, applied, subresource = "" }: Apply): Omit<Manager, "time" | "set"> {
  return { name: manager, operation: "Apply", apiVersion: applied.apiVersion, subresource };
}

function ownedByAll(managers: Managers, type: Type): FieldSet | undefined {
  let owned: FieldSet | undefined;
  for (const manager of managers.values()) owned = union(owned, reconcile(manager.set, type));
  return owned;
}

/**
 * Finds what to remove from a merged object: what an applier applied before, does not apply now, and nobody else owns. A struct
 * goes when all in it goes, whoever put it there.
 *
 * @param last what the applier owned before
 * @param owned what all managers own now, the applier among them
 */
function droppedPaths(
  merged: unknown,
  last: FieldSet | undefined,
  owned: FieldSet | undefined,
  type: Type,
): FieldSet | undefined {
  const former = withStructs(last, type);
  const all = withStructs(ownedPaths(merged, type), type);
  const bare = ownedPaths(removePaths(merged, former, type, "null"), type);
  const needed = union(withStructs(bare, type), withStructs(owned, type));
  const kept = ownedPaths(removePaths(merged, difference(all, needed), type, "null"), type);
  return intersection(difference(all, withStructs(kept, type)), former);
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * The conflicts that are to be reported. `kubectl apply` before it applied server-side wrote down what it had applied; what still
 * has that value is its own although an updater is on record for it.
 */
function withoutAllowed(conflicts: Conflicts, apply: Apply, live: Partial<KubeObject>, type: Type): Conflicts {
  if (apply.manager !== "kubectl" || conflicts.size === 0) return conflicts;
  const text = live.metadata?.annotations?.[lastApplied];
  const allowed = text === undefined ? undefined : unchangedSince(text, live, apply.applied.apiVersion, type);
  if (allowed === undefined) return conflicts;
  const rest = new Map<string, FieldSet>();
  for (const [id, lost] of conflicts) {
    const refused = difference(lost, allowed);
    if (refused !== undefined) rest.set(id, refused);
  }
  return rest;
}

function unchangedSince(text: string, live: Partial<KubeObject>, apiVersion: string, type: Type): FieldSet | undefined {
  const last = parseOrNothing(text);
  if (!isKubeObject(last) || last.apiVersion !== apiVersion || appliedFaults(last, type).length > 0) return undefined;
  const changes = compareValues(last, live, type);
  const changed = union(union(changes?.modified, changes?.added), changes?.removed);
  return difference(ownedPaths(last, type), changed);
}

function parseOrNothing(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    // An annotation is anybody's to write; one that is no JSON says nothing.
    return undefined;
  }
}

/** Keeps the annotation true for `kubectl apply` without `--server-side`, should the user go back to it. */
function withLastApplied(merged: KubeObject, { manager, applied }: Apply): KubeObject {
  if (manager !== "kubectl" || !merged.metadata.annotations?.[lastApplied]) return merged;
  const { [lastApplied]: _old, ...annotations } = applied.metadata.annotations ?? {};
  const { annotations: _annotated, ...metadata } = applied.metadata;
  const hasOthers = Object.keys(annotations).length > 0;
  const config = { ...applied, metadata: { ...metadata, ...(hasOthers && { annotations }) } };
  const written = { ...merged.metadata.annotations, [lastApplied]: `${formatGoJson(config)}\n` };
  return { ...merged, metadata: { ...merged.metadata, annotations: written } };
}

/** An applier whose fields changed nothing keeps its time; one whose fields are all the server's is not recorded. */
function setApplier(
  managers: Managers,
  id: string,
  previous: Manager | undefined,
  { now }: Apply,
  isChanged: boolean,
): void {
  const applier = managers.get(id);
  if (applier === undefined) return;
  const set = withoutServerOwned(applier.set);
  const isSame =
    previous?.apiVersion === applier.apiVersion && isSubset(set, previous.set) && isSubset(previous.set, set);
  if (set === undefined) managers.delete(id);
  else if (!isChanged && isSame && previous !== undefined) managers.set(id, previous);
  else managers.set(id, { ...applier, set, time: isChanged ? now : previous?.time });
}

function withManagers(object: KubeObject, managers: Managers): KubeObject {
  const entries = writeManagers(managers);
  if (entries.length === 0) return object;
  return { ...object, metadata: { ...object.metadata, managedFields: entries } };
}
