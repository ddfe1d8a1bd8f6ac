import { cloneJson, deepEqual, setField } from "./json.ts";
import type { JsonObject, JsonValue } from "./object.ts";
import { badRequest, requestTooLarge, StatusError } from "./status-error.ts";

/** As many as kube-apiserver takes. */
export const jsonPatchOperationsMax = 10_000;

/** How much `copy` may add to a document in all, in characters of JSON; kube-apiserver's `JSONPatchMaxCopyBytes`. */
const copySizeMax = 3 * 2 ** 20;

/**
 * Applies a JSON patch (RFC 6902). As in Kubernetes `replace` also adds a field that is missing, `copy` of a missing field
 * gives null, an index may count from the end (`-1`), and the whole document can only be replaced or tested.
 *
 * @param operations what the client sent, parsed
 * @returns a new document; `target` is not changed
 * @throws {StatusError} `BadRequest` when it is no list of operations, `RequestEntityTooLarge` when it is too long,
 *   `Invalid` when an operation does not apply; its `cause` says which and why
 */
export function applyJsonPatch(target: JsonValue, operations: unknown): JsonValue {
  if (!Array.isArray(operations)) throw badRequest("a JSON patch must be an array of operations");
  const list: unknown[] = operations;
  if (list.length > jsonPatchOperationsMax) {
    const count = `${jsonPatchOperationsMax}, got ${list.length}`;
    throw requestTooLarge(`The allowed maximum operations in a JSON patch is ${count}`);
  }
  // The document hangs below a root of its own, so that replacing the whole is like replacing a field.
  const root: JsonObject = { "": cloneJson(target) };
  const budget = { copied: 0 };
  for (const operation of list) applyOperation(root, operation, budget);
  return root[""] ?? null;
}

function applyOperation(root: JsonObject, operation: unknown, budget: { copied: number }): void {
  if (typeof operation !== "object" || operation === null)
    throw badRequest("an operation of a JSON patch must be an object");
  const { op, path, from, value }: Record<string, unknown> = { ...operation };
  const kind = typeof op === "string" ? op : "unknown";
  if (!["add", "remove", "replace", "move", "copy", "test"].includes(kind)) throw refused(`Unexpected kind: ${kind}`);
  if (typeof path !== "string") throw refused(`${kind} operation failed to decode path: missing value`);
  if (kind === "add") add(find(root, path, missing(kind, path)), path, asJson(value));
  else if (kind === "remove") remove(find(root, path, missing(kind, path)), kind, path);
  else if (kind === "replace") replace(root, path, asJson(value));
  else if (kind === "test") test(root, path, asJson(value));
  else transfer(root, kind, from, path, budget);
}

/** @param kind `move` or `copy` */
function transfer(root: JsonObject, kind: string, from: unknown, path: string, budget: { copied: number }): void {
  if (typeof from !== "string") {
    throw refused(`${kind} operation failed to decode from: operation, missing from field: missing value`);
  }
  const source = find(root, from, `${kind} operation does not apply: doc is missing from path: ${from}: missing value`);
  const value = cloneJson(get(source, kind, from) ?? null);
  if (kind === "move") remove(source, kind, from);
  else chargeCopy(budget, value);
  const why = `${kind} operation does not apply: doc is missing destination path: ${path}: missing value`;
  add(find(root, path, why), path, value);
}

/** An operation without `value` means null. */
function asJson(value: unknown): JsonValue {
  return isJson(value) ? cloneJson(value) : null;
}

/** Operations were parsed from JSON, so what a value is made of is JSON too. */
function isJson(value: unknown): value is JsonValue {
  return ["string", "number", "boolean", "object"].includes(typeof value);
}

function chargeCopy(budget: { copied: number }, value: JsonValue): void {
  budget.copied += JSON.stringify(value).length;
  if (budget.copied > copySizeMax) {
    const sizes = `${budget.copied}, exceeding the limit ${copySizeMax}`;
    throw refused(`Unable to complete the copy, the accumulated size increase of copy is ${sizes}`);
  }
}

/** Kubernetes does not tell clients what is wrong; `cause` does, for callers inside the server. */
function refused(why: string): StatusError {
  const error = new StatusError("Invalid", "the server rejected our request due to an error in our request", {});
  error.cause = new Error(why);
  return error;
}

function missing(kind: string, path: string): string {
  return `${kind} operation does not apply: doc is missing path: "${path}": missing value`;
}

/** Where a path leads: the object or array and the key in it. */
type Spot = { parent: JsonObject | JsonValue[]; key: string };

/** @throws {StatusError} with `why` when something on the way is not there; the last step may be absent */
function find(root: JsonObject, path: string, why: string): Spot {
  // What stands before the first slash counts for nothing.
  const [, ...steps] = path.split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const key = steps.pop();
  if (key === undefined) throw refused(why);
  let parent = root[""];
  for (const step of steps) parent = child(parent, step);
  if (typeof parent !== "object" || parent === null) throw refused(why);
  return { parent, key };
}

function child(value: JsonValue | undefined, step: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) return Object.hasOwn(value, step) ? value[step] : undefined;
  const index = /^-?\d+$/.test(step) ? Number(step) : Number.NaN;
  return value.at(index < -value.length || Number.isNaN(index) ? value.length : index);
}

/** The index of an item, or with `length + 1` of a gap between items. */
function indexOf(key: string, length: number, kind: string, path: string): number {
  if (!/^[-+]?\d+$/.test(key))
    throw refused(`error in ${kind} for path: '${path}': strconv.Atoi: parsing "${key}": invalid syntax`);
  const index = Number(key);
  if (index >= length || index < -length) {
    throw refused(
      `error in ${kind} for path: '${path}': Unable to access invalid index: ${key}: invalid index referenced`,
    );
  }
  return index < 0 ? index + length : index;
}

function get({ parent, key }: Spot, kind: string, path: string): JsonValue | undefined {
  if (Array.isArray(parent)) return parent[indexOf(key, parent.length, kind, path)];
  return Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function add({ parent, key }: Spot, path: string, value: JsonValue): void {
  if (!Array.isArray(parent)) setField(parent, key, value);
  else parent.splice(key === "-" ? parent.length : indexOf(key, parent.length + 1, "add", path), 0, value);
}

function remove({ parent, key }: Spot, kind: string, path: string): void {
  if (Array.isArray(parent)) {
    parent.splice(indexOf(key, parent.length, kind, path), 1);
  } else {
    if (!Object.hasOwn(parent, key)) {
      throw refused(`error in ${kind} for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`);
    }
    delete parent[key];
  }
}

function replace(root: JsonObject, path: string, value: JsonValue): void {
  if (path === "") {
    root[""] = value;
    return;
  }
  const { parent, key } = find(
    root,
    path,
    `replace operation does not apply: doc is missing path: ${path}: missing value`,
  );
  if (!Array.isArray(parent)) {
    setField(parent, key, value);
    return;
  }
  const index = /^-?\d+$/.test(key) ? Number(key) : Number.NaN;
  if (!(index < parent.length && index >= -parent.length)) {
    throw refused(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  }
  parent[index < 0 ? index + parent.length : index] = value;
}

/** A field that is missing equals null. */
function test(root: JsonObject, path: string, value: JsonValue): void {
  const spot =
    path === ""
      ? { parent: root, key: "" }
      : find(root, path, `test operation does not apply: is missing path: ${path}: missing value`);
  if (!deepEqual(get(spot, "test", path) ?? null, value)) throw refused(`testing value ${path} failed: test failed`);
}
