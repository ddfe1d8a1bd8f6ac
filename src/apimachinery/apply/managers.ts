import { isFields } from "../fields.ts";
import { compareUtf8, quoteGo } from "../go-format.ts";
import type { ManagedFieldsEntry } from "../object.ts";
import { difference, type FieldSet, fieldSetOf, fromFieldsV1, toFieldsV1, union } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";

/** What one manager owns. `entry` is how it was written before, as long as nothing of it changed. */
export type Manager = {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet | undefined;
  readonly entry?: ManagedFieldsEntry;
};

/** Managers by {@link managerId}. */
export type Managers = Map<string, Manager>;

/** Who is who: an applier keeps its fields when it goes over to another version of a kind, an updater does not. */
export function managerId({ name, operation, apiVersion, subresource }: Omit<Manager, "set" | "time">): string {
  return JSON.stringify([name, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** How many updaters are remembered one by one: `DefaultMaxUpdateManagers` of Kubernetes. */
const updatersMax = 10;

/** Paths that nobody owns because the server sets them or because they say which object it is. */
const serverOwned = fieldSetOf([
  [fieldElement("apiVersion")],
  [fieldElement("kind")],
  [fieldElement("metadata")],
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => [fieldElement("metadata"), fieldElement(name)]),
]);

export function withoutServerOwned(set: FieldSet | undefined): FieldSet | undefined {
  return difference(set, serverOwned);
}

/**
 * Reads `metadata.managedFields`.
 *
 * @throws {Error} when an entry is malformed, in Kubernetes' words
 */
export function readManagers(entries: readonly unknown[] | undefined): Managers {
  const managers: Managers = new Map();
  for (const [index, entry] of (entries ?? []).entries()) {
    const manager = readManager(entry, index);
    managers.set(managerId(manager), manager);
  }
  return managers;
}

function readManager(entry: unknown, index: number): Manager {
  if (!isEntry(entry)) throw new Error(entryFault(entry, index));
  const { manager, operation, apiVersion, time, fieldsV1 = {}, subresource = "" } = entry;
  return { name: manager ?? "", operation, apiVersion, subresource, time, set: fromFieldsV1(fieldsV1), entry };
}

function isEntry(entry: unknown): entry is ManagedFieldsEntry {
  return isFields(entry) && entryFault(entry, 0) === "";
}

function entryFault(entry: unknown, index: number): string {
  if (!isFields(entry)) return `managed fields entry ${index} is no object`;
  const { operation, apiVersion, fieldsType } = entry;
  if (operation !== "Apply" && operation !== "Update") return "operation must be `Apply` or `Update`";
  if (typeof apiVersion !== "string" || apiVersion === "") return "apiVersion must not be empty";
  if (fieldsType === "FieldsV1") return isFields(entry["fieldsV1"] ?? {}) ? "" : "fieldsV1 must be an object";
  if (fieldsType === undefined || fieldsType === "") return `missing fieldsType in managed fields entry ${index}`;
  return `invalid fieldsType ${quoteGo(String(fieldsType))} in managed fields entry ${index}`;
}

/** Whether a client asks to forget all managers: an empty list, or one empty entry. */
export function isReset(entries: readonly unknown[] | undefined): boolean {
  if (entries === undefined) return false;
  const [first] = entries;
  return entries.length === 0 || (entries.length === 1 && isFields(first) && Object.keys(first).length === 0);
}

/** Writes `metadata.managedFields`: appliers first, then by time, name, version and subresource. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()]
    .sort(
      (a, b) =>
        compareUtf8(a.operation, b.operation) ||
        seconds(a) - seconds(b) ||
        compareUtf8(a.name, b.name) ||
        compareUtf8(a.apiVersion, b.apiVersion) ||
        compareUtf8(a.subresource, b.subresource),
    )
    .map(writeManager);
}

function seconds({ time }: Manager): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

function writeManager(manager: Manager): ManagedFieldsEntry {
  if (manager.entry !== undefined) return manager.entry;
  const { name, operation, apiVersion, time, subresource, set } = manager;
  return {
    manager: name,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: toFieldsV1(set),
    ...(subresource !== "" && { subresource }),
  };
}

/** The manager with another set; the way it was written goes with the old one. */
export function withSet(manager: Manager, set: FieldSet | undefined): Manager {
  const { entry: _written, ...rest } = manager;
  return set === manager.set ? manager : { ...rest, set };
}

/** Merges the oldest updaters into one per version, in place, until few enough are left. */
export function forgetOldUpdaters(managers: Managers): void {
  const updaters = [...managers].filter(([, { operation }]) => operation === "Update");
  let count = updaters.length;
  if (count <= updatersMax) return;
  updaters.sort(([a, one], [b, other]) => seconds(one) - seconds(other) || compareUtf8(a, b));
  const first = new Map<string, string>();
  for (const [id, manager] of updaters) {
    if (count <= updatersMax) return;
    const { apiVersion, time } = manager;
    const earlier = first.get(apiVersion);
    if (earlier === undefined) {
      first.set(apiVersion, id);
      continue;
    }
    const bucket = { name: "ancient-changes", operation: "Update", apiVersion, subresource: "" } as const;
    const bucketId = managerId(bucket);
    if (id === bucketId) continue;
    const merged = managers.get(bucketId) ?? managers.get(earlier);
    if (!managers.has(bucketId)) managers.delete(earlier);
    managers.delete(id);
    managers.set(bucketId, { ...bucket, time, set: union(manager.set, merged?.set) });
    count--;
  }
}

/** How conflicts name a manager: `"kubectl-edit" with subresource "status" using apps/v1`; an applier without version. */
export function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const who = subresource === "" ? quoteGo(name) : `${quoteGo(name)} with subresource ${quoteGo(subresource)}`;
  return operation === "Update" ? `${who} using ${apiVersion}` : who;
}
