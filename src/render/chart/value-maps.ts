import { formatValue } from "../template/go-format.ts";
import { GoInt, type GoMap, GoObject, hasKey, isMap, newMap, type Value } from "../template/values.ts";

/** Makes a map of two: maps in both are merged, else the second one wins. Neither is changed; what is in them is shared. */
export function mergeLayers(below: GoMap, above: GoMap): GoMap {
  const merged = newMap();
  for (const key of Object.keys(below)) merged[key] = below[key];
  for (const key of Object.keys(above)) {
    const value = above[key];
    const known = hasKey(merged, key) ? merged[key] : undefined;
    merged[key] = isMap(value) && isMap(known) ? mergeLayers(known, value) : value;
  }
  return merged;
}

/** A copy that shares nothing which can change. */
export function copyMap(map: GoMap): GoMap {
  const copy = newMap();
  for (const key of Object.keys(map)) copy[key] = copyValue(map[key]);
  return copy;
}

function copyValue(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyValue);
  if (value instanceof GoInt || value instanceof GoObject) return value;
  return copyMap(value);
}

/** The map at a path of keys. @returns `undefined` and the key where there is none */
export function tableAt(map: GoMap, path: readonly string[]): { table?: GoMap; missing: string } {
  let table = map;
  for (const key of path) {
    const next = hasKey(table, key) ? table[key] : undefined;
    if (!isMap(next)) return { missing: key };
    table = next;
  }
  return { table, missing: "" };
}

/** What is at a path of keys and is no map, `null` included; `undefined` where there is nothing. */
export function scalarAt(map: GoMap, path: readonly string[]): Value {
  const key = path.at(-1) ?? "";
  const { table } = tableAt(map, path.slice(0, -1));
  if (table === undefined || !hasKey(table, key)) return undefined;
  const value = table[key];
  return isMap(value) ? undefined : (value ?? null);
}

/** What JSON calls the kind of a value. */
export function kindWord(value: Value): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" || value instanceof GoInt) return "number";
  return typeof value === "string" ? "string" : "object";
}

/** `%v` */
export function show(value: Value): string {
  return formatValue(value);
}
