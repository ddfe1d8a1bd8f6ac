import { cloneJson, deepEqual, depthOf, jsonDepthMax, setField } from "./json.ts";
import type { JsonObject, JsonValue } from "./object.ts";
import { badRequest, requestTooLarge, StatusError } from "./status-error.ts";

/** As many as kube-apiserver takes. */
export const jsonPatchOperationsMax = 10_000;

/** How much `copy` may add to a document in all, in characters of JSON; kube-apiserver's `JSONPatchMaxCopyBytes`. */
const copySizeMax = 3 * 2 ** 20;

/** How many items may change their places in arrays in all: half a second of work, a hundred times what 10,000 items need. */
const shiftedItemsMax = 1e9;

/** What the operations of one patch may still do. */
type Budget = { copied: number; shifted: number };

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
  const budget: Budget = { copied: 0, shifted: 0 };
  for (const operation of list) applyOperation(root, operation, budget);
  const result = root[""] ?? null;
  // Operations can nest deeper what each of them nests a little.
  if (depthOf(result, jsonDepthMax) > jsonDepthMax) throw refused("exceeded max depth");
  return result;
}

function applyOperation(root: JsonObject, operation: unknown, budget: Budget): void {
  if (typeof operation !== "object" || operation === null)
    throw badRequest("an operation of a JSON patch must be an object");
  const { op, path, from, value }: Record<string, unknown> = { ...operation };
  const kind = typeof op === "string" ? op : "unknown";
  if (!["add", "remove", "replace", "move", "copy", "test"].includes(kind)) throw refused(`Unexpected kind: ${kind}`);
  if (typeof path !== "string") throw refused(`${kind} operation failed to decode path: missing value`);
  if (kind === "add") add(find(root, path, missing(kind, path)), path, asJson(value), budget);
  else if (kind === "remove") remove(find(root, path, missing(kind, path)), kind, path, budget);
  else if (kind === "replace") replace(root, path, asJson(value));
  else if (kind === "test") test(root, path, asJson(value));
  else transfer(root, kind, from, path, budget);
}

/** @param kind `move` or `copy` */
function transfer(root: JsonObject, kind: string, from: unknown, path: string, budget: Budget): void {
  if (typeof from !== "string") {
    throw refused(`${kind} operation failed to decode from: operation, missing from field: missing value`);
  }
  const source = find(root, from, `${kind} operation does not apply: doc is missing from path: ${from}: missing value`);
  const found = get(source, kind, from) ?? null;
  // What is moved is in one place before and after, so it need not be copied.
  if (kind === "move") remove(source, kind, from, budget);
  const value = kind === "move" ? found : copyOf(found, budget);
  const why = `${kind} operation does not apply: doc is missing destination path: ${path}: missing value`;
  add(find(root, path, why), path, value, budget);
}

/** An operation without `value` means null. */
function asJson(value: unknown): JsonValue {
  return isJson(value) ? cloneJson(value) : null;
}

/** Operations were parsed from JSON, so what a value is made of is JSON too. */
function isJson(value: unknown): value is JsonValue {
  return ["string", "number", "bigint", "boolean", "object"].includes(typeof value);
}

function copyOf(value: JsonValue, budget: Budget): JsonValue {
  if (depthOf(value, jsonDepthMax) > jsonDepthMax) throw refused("exceeded max depth");
  budget.copied += JSON.stringify(value).length;
  if (budget.copied > copySizeMax) {
    const sizes = `${budget.copied}, exceeding the limit ${copySizeMax}`;
    throw refused(`Unable to complete the copy, the accumulated size increase of copy is ${sizes}`);
  }
  return cloneJson(value);
}

/** Takes items out of an array and puts others in, as `splice` does. */
function splice(list: JsonValue[], at: number, removed: number, added: JsonValue[], budget: Budget): void {
  budget.shifted += list.length - at;
  if (budget.shifted > shiftedItemsMax) throw refused("the operations move too many items of arrays");
  list.splice(at, removed, ...added);
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

function add({ parent, key }: Spot, path: string, value: JsonValue, budget: Budget): void {
  if (Array.isArray(parent)) {
    const at = key === "-" ? parent.length : indexOf(key, parent.length + 1, "add", path);
    splice(parent, at, 0, [value], budget);
  } else {
    setField(parent, key, value);
  }
}

function remove({ parent, key }: Spot, kind: string, path: string, budget: Budget): void {
  if (Array.isArray(parent)) {
    splice(parent, indexOf(key, parent.length, kind, path), 1, [], budget);
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
