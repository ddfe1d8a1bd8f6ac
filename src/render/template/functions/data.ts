import { setField } from "../../../apimachinery/index.ts";
import { Fuse } from "../fuse.ts";
import { GoError } from "../go-error.ts";
import { entriesOf, GoInt, type GoMap, GoObject, isNilContainer, newMap, type Value } from "../values.ts";

/** What JSON can say, with integers of their own kind. */
export type Data = null | boolean | number | bigint | string | Data[] | DataFields;

/** Of an object whose fields come in the order they have, as those of structs do; those of maps are sorted. */
export const inOrder: unique symbol = Symbol("inOrder");

export interface DataFields {
  [key: string]: Data;
  [inOrder]?: boolean;
}

/** How deep a value may nest that is written out; a map that holds itself nests without end. */
const depthMax = 1000;

/**
 * What JSON and YAML write for a value.
 *
 * @throws {GoError} for infinite numbers and for what nests too deeply, in the words of `encoding/json`
 */
export function toData(value: Value, depth = 0, fuse = new Fuse()): Data {
  fuse.burn();
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new GoError(`json: unsupported value: ${nonFinite(value)}`);
      return value;
    case "undefined":
      return null;
  }
  if (value === null) return null;
  if (value instanceof GoInt) return value.value;
  if (depth > depthMax) throw new GoError("json: unsupported value: encountered a cycle via map[string]interface {}");
  if (Array.isArray(value)) return isNilContainer(value) ? null : value.map((item) => toData(item, depth + 1, fuse));
  const map = entriesOf(value);
  if (map === undefined) {
    const data = value instanceof GoObject ? toData(value.toData(), depth + 1, fuse) : null;
    if (typeof data === "object" && data !== null && !Array.isArray(data)) data[inOrder] = true;
    return data;
  }
  if (isNilContainer(map)) return null;
  const data: DataFields = {};
  for (const key of Object.keys(map)) setField(data, key, toData(map[key], depth + 1, fuse));
  return data;
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** What became of an object that was to be read, for functions that do not fail. */
export function errorMap(message: string): GoMap {
  const map = newMap();
  map["Error"] = message;
  return map;
}
