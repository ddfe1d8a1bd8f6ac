import { isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import { pathOfPointer, valueAtPath } from "./schema-walk.ts";

/** A schema taken out of a document; `foreign` are the references in it that lead to other documents. */
export type CarriedSchema = { schema: JsonObject; foreign: string[] };

/**
 * Takes schemas out of a document, each with everything of the document that it refers to, however far away, at its place: the
 * same references lead to the same schemas, and nothing else of the document is carried along. What several schemas refer to
 * is shared by them.
 */
export function createCarrier(document: JsonObject): (schema: JsonObject) => CarriedSchema {
  const known = new Map<JsonValue, readonly string[]>();
  const referencesOf = (value: JsonValue) => {
    const references = known.get(value) ?? referencesIn(value);
    known.set(value, references);
    return references;
  };
  return (schema) => {
    const copy: JsonObject = { ...schema };
    const own = new Set<JsonObject>();
    const done = new Set<string>();
    const foreign = new Set<string>();
    const waiting = [...referencesOf(schema)];
    for (let reference = waiting.pop(); reference !== undefined; reference = waiting.pop()) {
      if (!reference.startsWith("#")) {
        foreign.add(reference);
        continue;
      }
      const path = containerOf(pathOfPointer(reference.slice(1)));
      const key = path.join("\0");
      if (path.length === 0 || done.has(key)) continue;
      done.add(key);
      const target = valueAtPath(document, path);
      if (target === undefined) continue;
      place(copy, path, target, own);
      waiting.push(...referencesOf(target));
    }
    return { schema: copy, foreign: [...foreign].sort() };
  };
}

/** A named part of a document is carried whole: what is inside of it may be referred to as well. */
function containerOf(path: string[]): string[] {
  if (path[0] === "components") return path.slice(0, 3);
  return path[0] === "definitions" || path[0] === "$defs" ? path.slice(0, 2) : path;
}

/** @param own objects that were made for this copy, which alone may be changed */
function place(root: JsonObject, path: readonly string[], target: JsonValue, own: Set<JsonObject>): void {
  let here = root;
  for (const part of path.slice(0, -1)) {
    const found = Object.hasOwn(here, part) ? here[part] : undefined;
    let next: JsonObject;
    if (isJsonObject(found) && own.has(found)) next = found;
    else {
      next = isJsonObject(found) ? { ...found } : {};
      own.add(next);
      setField(here, part, next);
    }
    here = next;
  }
  setField(here, path.at(-1) ?? "", target);
}

/** Each reference in a value, and what discriminators choose between. */
function referencesIn(value: JsonValue): readonly string[] {
  const found = new Set<string>();
  const waiting: JsonValue[] = [value];
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    if (isJsonObject(here)) {
      const reference = here["$ref"];
      if (typeof reference === "string") found.add(reference);
      for (const target of mappingOf(here)) found.add(target);
    }
    if (typeof here !== "object" || here === null) continue;
    for (const inner of Object.values(here)) if (typeof inner === "object" && inner !== null) waiting.push(inner);
  }
  return [...found];
}

function mappingOf(schema: JsonObject): string[] {
  const discriminator = schema["discriminator"];
  const mapping = isJsonObject(discriminator) ? discriminator["mapping"] : undefined;
  if (!isJsonObject(mapping)) return [];
  return Object.values(mapping).flatMap((target) =>
    typeof target === "string" && target.startsWith("#/") ? target : [],
  );
}
