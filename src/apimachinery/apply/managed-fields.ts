import type { KubeObject, ManagedFieldsEntry } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { type Comparison, compareValues } from "./compare.ts";
import { differenceBelow, type FieldSet, fieldSetOf, union } from "./field-set.ts";
import {
  forgetOldUpdaters,
  isReset,
  type Managers,
  managerId,
  readManagers,
  withoutServerOwned,
  withSet,
  writeManagers,
} from "./managers.ts";
import { fieldElement } from "./path-element.ts";
import { reconcileManagers } from "./reconcile.ts";
import { rootType } from "./type.ts";
import { findConflicts, takeOver } from "./update-managers.ts";

export type UpdateTracking = {
  /** What is stored; `undefined` for a create. */
  before: KubeObject | undefined;
  /** What will be stored, defaults included; its `managedFields` are what the client sent. */
  after: KubeObject;
  schema: Schema;
  /** Who writes: `fieldManager` of the request, or else the beginning of its user agent. */
  manager: string;
  subresource?: string;
  /** Paths that this endpoint does not write, such as `["status"]`; they change no owner. */
  ignored?: readonly (readonly string[])[];
  /** RFC 3339, whole seconds. */
  now: string;
};

/**
 * Says who owns which fields after an update or create, by what it changed: changed and added fields become the writer's, removed
 * ones nobody's. Entries of other managers that lose nothing come back as they were. Objects whose tracking was reset, by
 * `managedFields: [{}]`, stay untracked until somebody applies.
 *
 * @returns `metadata.managedFields`; empty when there is none
 */
export function trackUpdate(update: UpdateTracking): ManagedFieldsEntry[] {
  const { before, after, schema, manager, subresource = "", ignored, now } = update;
  const managers = managersSent(update);
  const isTracked = managers.size > 0 || before?.metadata.uid === undefined;
  if (!isTracked) return [];
  recordUpdate(managers, {
    before: before ?? {},
    after,
    schema,
    ignored,
    writer: { name: manager === "" ? "unknown" : manager, apiVersion: after.apiVersion, subresource, time: now },
  });
  forgetOldUpdaters(managers);
  return writeManagers(managers);
}

/** A client may send managers of its own, to clean them up; what cannot be read counts as none sent. */
function managersSent({ before, after, subresource = "" }: UpdateTracking): Managers {
  const stored = before?.metadata.managedFields;
  const sent = after.metadata.managedFields;
  if (subresource === "") {
    if (isReset(sent)) return new Map();
    const managers = readOrForget(sent);
    if (managers.size > 0) return managers;
  }
  return readOrForget(stored);
}

/** What was stored malformed must not make an object unwritable; it counts as nothing. */
export function readOrForget(entries: readonly unknown[] | undefined): Managers {
  try {
    return readManagers(entries);
  } catch {
    return new Map();
  }
}

export type Writer = { name: string; apiVersion: string; subresource: string; time: string };

/** Changes `managers` as an update from `before` to `after` does. */
export function recordUpdate(
  managers: Managers,
  update: {
    before: Partial<KubeObject>;
    after: KubeObject;
    schema: Schema;
    ignored?: readonly (readonly string[])[] | undefined;
    writer: Writer;
  },
): void {
  const { before, after, schema, writer } = update;
  const ignored = ignoredSet(update.ignored);
  const type = rootType(schema);
  const comparison = without(compareValues(untracked(before), untracked(after), type), ignored);
  if (comparison === undefined) return;
  const { added, modified, removed } = comparison;
  reconcileManagers(managers, type, union(union(added, modified), removed));
  const id = managerId({ ...writer, operation: "Update" });
  const previous = managers.get(id);
  takeOver(managers, "", comparison, findConflicts(managers, "", comparison));
  const gained = withoutServerOwned(union(modified, added));
  if (gained === undefined) return;
  const kept = managers.get(id);
  const set = union(kept?.set, gained);
  if (previous !== undefined) managers.set(id, { ...withSet(previous, set), time: writer.time });
  else managers.set(id, { ...writer, operation: "Update", set });
}

/** The object without what tracks it. */
export function untracked(object: Partial<KubeObject>): Partial<KubeObject> {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _managers, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export function ignoredSet(paths: readonly (readonly string[])[] | undefined): FieldSet | undefined {
  return paths === undefined ? undefined : fieldSetOf(paths.map((path) => path.map(fieldElement)));
}

/** The comparison without what is at or below the paths of `ignored`. */
export function without(comparison: Comparison | undefined, ignored: FieldSet | undefined): Comparison | undefined {
  if (comparison === undefined || ignored === undefined) return comparison;
  return {
    added: differenceBelow(comparison.added, ignored),
    modified: differenceBelow(comparison.modified, ignored),
    removed: differenceBelow(comparison.removed, ignored),
  };
}
