import { isJsonObject } from "./fields.ts";
import { canonicalJson, setField } from "./json.ts";
import type { JsonObject, JsonValue } from "./object.ts";
import { propertySchema, type Schema } from "./schema/schema.ts";
import { badRequest, type StatusError } from "./status-error.ts";

/**
 * Applies a strategic merge patch: objects are merged field by field, null deletes, lists are merged by key where the schema says so
 * (`x-kubernetes-patch-strategy`, `x-kubernetes-patch-merge-key`) and replaced elsewhere. Of the directives it knows `$patch`
 * (`replace`, `delete`), `$retainKeys`, `$setElementOrder/<list>` and `$deleteFromPrimitiveList/<list>`. Neither input is changed; the
 * result may share parts with both.
 *
 * @throws {StatusError} `BadRequest`, or `Invalid` for a patch that contradicts its own `$retainKeys`
 */
export function applyStrategicMergePatch(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return mergeObject(target, patch, schema);
}

const directive = "$patch";
const retainKeys = "$retainKeys";
const elementOrder = "$setElementOrder/";
const deletion = "$deleteFromPrimitiveList/";
const directives: ReadonlySet<string> = new Set([directive, retainKeys]);

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const { [directive]: action, ...rest } = patch;
  if (action === "replace") return rest;
  if (action === "delete") return {};
  if (action !== undefined) throw unknownDirective(action, patch);

  const { [retainKeys]: retained, ...fields } = rest;
  const merged = retained === undefined ? { ...original } : retain(original, fields, retained);
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(elementOrder)) mergeOrdered(merged, fields, name.slice(elementOrder.length), value, schema);
  }
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(elementOrder) || `${elementOrder}${name}` in fields) continue;
    if (name.startsWith(deletion)) deleteItems(merged, name.slice(deletion.length), value);
    else mergeField(merged, name, value, schema);
  }
  return merged;
}

function mergeField(merged: JsonObject, name: string, value: JsonValue, schema: Schema | undefined): void {
  const original = fieldOf(merged, name);
  if (value === null) {
    delete merged[name];
    return;
  }
  const below = schema === undefined ? undefined : propertySchema(schema, name);
  if (isJsonObject(value) && isJsonObject(original)) {
    const isReplaced = strategies(below).includes("replace");
    setField(merged, name, isReplaced ? value : mergeObject(original, value, below));
    return;
  }
  if (Array.isArray(value) && Array.isArray(original)) {
    merged[name] = mergeList(original, value, below);
    return;
  }
  const plain = withoutDirectives(value);
  if (plain === undefined) delete merged[name];
  else setField(merged, name, plain);
}

/** A field that the object itself has: a label may be called `constructor`. */
function fieldOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function strategies(schema: Schema | undefined): readonly string[] {
  return schema?.["x-kubernetes-patch-strategy"]?.split(",") ?? [];
}

/** What a patch means where there is nothing to patch; `undefined` when that is nothing. */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (directive in value && value[directive] !== "replace") return undefined;
  const plain: JsonObject = {};
  for (const [name, field] of Object.entries(value)) {
    const isDirective = directives.has(name) || name.startsWith(elementOrder) || name.startsWith(deletion);
    const kept = field === null || isDirective ? undefined : withoutDirectives(field);
    if (kept !== undefined) setField(plain, name, kept);
  }
  return plain;
}

function retain(original: JsonObject, fields: JsonObject, retained: JsonValue): JsonObject {
  if (!Array.isArray(retained)) throw badRequest("invalid patch format of retainKeys");
  for (const [name, value] of Object.entries(fields)) {
    const isField = value !== null && !name.startsWith(deletion) && !name.startsWith(elementOrder);
    if (isField && !retained.includes(name)) throw badRequest("invalid patch format of retainKeys");
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => retained.includes(name)));
}

function deleteItems(merged: JsonObject, name: string, items: JsonValue): void {
  const original = merged[name];
  if (items === null) delete merged[name];
  if (!Array.isArray(items) || !Array.isArray(original)) return;
  const deleted = new Set(items);
  merged[name] = original.filter((item) => !deleted.has(item));
}

/** How the items of a list are told apart. */
type Identity = { readonly key: string | undefined };

function mergeList(original: JsonValue[], patch: JsonValue[], schema: Schema | undefined): JsonValue[] {
  if (!strategies(schema).includes("merge")) return patch;
  const [first] = original.length > 0 ? original : patch;
  if (first === undefined) return original;
  if (!isJsonObject(first)) return ordered([...new Set([...original, ...patch])], patch, original, { key: undefined });

  const key = schema?.["x-kubernetes-patch-merge-key"];
  if (key === undefined) throw badRequest("cannot merge lists without merge key for struct");
  const { kept, items } = applyItemDirectives(original, patch, key);
  const merged = [...kept];
  const places = firstPlaces(merged.map((one) => (isJsonObject(one) ? nameOf(one[key]) : undefined)));
  for (const item of items) {
    const own = nameOf(keyValue(item, key));
    const place = places.get(own) ?? merged.length;
    const match = merged[place];
    merged[place] = isJsonObject(match) ? mergeObject(match, item, schema?.items) : (withoutDirectives(item) ?? {});
    places.set(own, place);
  }
  return ordered(merged, items, kept, { key });
}

/** Takes out of a patched list the items that delete others or that replace all of them. */
function applyItemDirectives(
  original: JsonValue[],
  patch: JsonValue[],
  key: string,
): { kept: JsonValue[]; items: JsonObject[] } {
  const items: JsonObject[] = [];
  const deleted = new Set<string>();
  let replaces = false;
  for (const item of patch) {
    if (!isJsonObject(item)) throw badRequest(`expected a map[string]interface {}, but received a ${goType(item)}`);
    const action = item[directive];
    if (action === undefined) {
      items.push(item);
    } else if (action === "delete") {
      deleted.add(nameOf(keyValue(item, key)));
    } else if (action === "replace") {
      replaces = true;
    } else if (action === "merge") {
      throw badRequest("merging lists cannot yet be specified in the patch");
    } else {
      throw unknownDirective(action, item);
    }
  }
  if (replaces) return { kept: items, items: [] };
  return { kept: original.filter((one) => !(isJsonObject(one) && deleted.has(nameOf(one[key])))), items };
}

/** Merges a list and puts it in the order that the patch asks for; items it does not name keep their place among their own. */
function mergeOrdered(
  merged: JsonObject,
  fields: JsonObject,
  name: string,
  order: JsonValue,
  schema: Schema | undefined,
): void {
  if (!Array.isArray(order)) throw badRequest(`expected a []interface {}, but received a ${goType(order)}`);
  const below = schema === undefined ? undefined : propertySchema(schema, name);
  const key = below?.["x-kubernetes-patch-merge-key"];
  const original = listOrAbsent(fieldOf(merged, name));
  const patch = listOrAbsent(fieldOf(fields, name));
  if (patch !== undefined) checkOrder(patch, order, key);
  const plain = patch === undefined ? original : withoutDirectives(patch);
  const list = original !== undefined && patch !== undefined ? mergeList(original, patch, below) : plain;
  if (Array.isArray(list)) merged[name] = ordered(list, order, serverOrder(original ?? [], patch ?? [], key), { key });
}

/** The order of a list on the server, in which new items take the places that deleted ones left at the end. */
function serverOrder(original: JsonValue[], patch: JsonValue[], key: string | undefined): JsonValue[] {
  if (key === undefined) return original;
  const items = patch.filter(isJsonObject);
  const namesOf = (list: JsonObject[]) => new Set(list.map((item) => nameOf(item[key])));
  const deleted = namesOf(items.filter((item) => item[directive] === "delete"));
  const kept = original.filter((one) => !(isJsonObject(one) && deleted.has(nameOf(one[key]))));
  const known = namesOf(kept.filter(isJsonObject));
  const added = items.filter((item) => !(directive in item) && !known.has(nameOf(item[key])));
  return [...kept, ...added.slice(0, original.length - kept.length)];
}

function listOrAbsent(value: JsonValue | undefined): JsonValue[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw badRequest(`expected a []interface {}, but received a ${goType(value)}`);
}

/** The items of a patch must stand in the order that the patch itself asks for. */
function checkOrder(patch: JsonValue[], order: JsonValue[], key: string | undefined): void {
  if (patch.length === 0 || order.length === 0) return;
  let position = 0;
  for (const item of patch) {
    if (isJsonObject(item) && directive in item) continue;
    const own = identity(item, { key });
    while (position < order.length && identity(order[position] ?? null, { key }) !== own) position++;
    if (position === order.length) {
      const lists = `${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`;
      throw badRequest(`The order in patch list:\n${lists}`);
    }
    position++;
  }
}

/**
 * Orders a merged list: items that the patch names in its order, the others in `order`, that of the server, and both woven together so
 * that an item stays before another of the patch that it stood before on the server.
 */
function ordered(list: JsonValue[], patchOrder: JsonValue[], order: JsonValue[], by: Identity): JsonValue[] {
  const patchRanks = firstPlaces(patchOrder.map((item) => identity(item, by)));
  const serverRanks = firstPlaces(order.map((item) => identity(item, by)));
  const ranked = list.map((item) => {
    const own = identity(item, by);
    return { item, inPatch: patchRanks.get(own) ?? -1, onServer: serverRanks.get(own) ?? -1 };
  });
  const named = ranked.filter(({ inPatch }) => inPatch >= 0).sort((a, b) => a.inPatch - b.inPatch);
  const others = ranked.filter(({ inPatch }) => inPatch < 0).sort((a, b) => a.onServer - b.onServer);
  const woven: JsonValue[] = [];
  let next = 0;
  for (const { item, onServer } of named) {
    for (let other = others[next]; other !== undefined; other = others[next]) {
      if (other.onServer < 0 || other.onServer >= onServer) break;
      woven.push(other.item);
      next++;
    }
    woven.push(item);
  }
  return [...woven, ...others.slice(next).map(({ item }) => item)];
}

/** Where each name stands first. */
function firstPlaces(names: readonly (string | undefined)[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, one] of names.entries()) if (one !== undefined && !places.has(one)) places.set(one, place);
  return places;
}

/** What an item is called: the same for those that are the same item. */
function identity(item: JsonValue, { key }: Identity): string {
  if (key === undefined) return nameOf(item);
  if (!isJsonObject(item)) throw badRequest(`expected a map[string]interface {}, but received a ${goType(item)}`);
  return nameOf(keyValue(item, key));
}

/** One text for all values that are equal, and another for what is absent. */
function nameOf(value: JsonValue | undefined): string {
  return value === undefined ? "" : canonicalJson(value);
}

function keyValue(item: JsonObject, key: string): JsonValue {
  const value = item[key];
  if (value === undefined) throw badRequest(`map: ${goText(item)} does not contain declared merge key: ${key}`);
  return value;
}

function unknownDirective(action: JsonValue, patch: JsonObject): StatusError {
  return badRequest(`unknown patch type: ${goText(action)} in map: ${goText(patch)}`);
}

/** A value as Go's `%v` prints it. */
function goText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isJsonObject(value)) return value === null ? "<nil>" : String(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${fields.map(([name, field]) => `${name}:${goText(field)}`).join(" ")}]`;
}

function goType(value: JsonValue): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (isJsonObject(value)) return "map[string]interface {}";
  if (value === null) return "%!s(<nil>)";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}
