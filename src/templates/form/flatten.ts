import { canonicalJson, isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";

/**
 * A schema without `$ref` and `allOf`: what they say is in the keywords.
 *
 * @property schema the keywords, with schemas below them as they were
 * @property also what must hold besides and has no place there, such as a second `anyOf`
 * @property targets the schemas that references led to, by which recursion is noticed
 */
export type FlatSchema = { schema: JsonObject; also: JsonObject[]; targets: JsonObject[] };

/** How many references and parts of `allOf` one schema may be made of: more than any hand has written. */
const partsMax = 500;

/** @param onLost is told of every reference that leads out of the document or nowhere */
export function flattenSchema(
  schema: JsonValue | undefined,
  root: JsonObject,
  onLost: (reference: string) => void,
): FlatSchema {
  const flat: FlatSchema = { schema: {}, also: [], targets: [] };
  let parts = 0;
  add(schema);
  return flat;

  function add(part: JsonValue | undefined): void {
    if (part === false) merge(flat, { not: {} });
    if (!isJsonObject(part) || ++parts > partsMax) return;
    const { $ref, $recursiveRef, $dynamicRef, allOf, ...own } = part;
    merge(flat, own);
    const reference = [$ref, $recursiveRef, $dynamicRef].find((one) => typeof one === "string");
    if (typeof reference === "string") {
      const target = resolveReference(reference, root);
      if (target === undefined) onLost(reference);
      else if (isJsonObject(target) && !flat.targets.includes(target)) {
        flat.targets.push(target);
        add(target);
      }
    }
    if (Array.isArray(allOf)) for (const one of allOf) add(one);
  }
}

/** What a reference within the document leads to. */
export function resolveReference(reference: string, root: JsonObject): JsonValue | undefined {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let here: JsonValue | undefined = root;
  for (const part of reference.slice(2).split("/")) {
    const name = decode(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(here)) here = here[Number(name)];
    else if (isJsonObject(here) && Object.hasOwn(here, name)) here = here[name];
    else return undefined;
  }
  return here;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

type Merge = (mine: JsonValue, theirs: JsonValue) => JsonValue | undefined;

const larger: Merge = (mine, theirs) =>
  typeof mine === "number" && typeof theirs === "number" ? Math.max(mine, theirs) : undefined;
const smaller: Merge = (mine, theirs) =>
  typeof mine === "number" && typeof theirs === "number" ? Math.min(mine, theirs) : undefined;
const both: Merge = (mine, theirs) => (Array.isArray(mine) && Array.isArray(theirs) ? [...mine, ...theirs] : undefined);
const either: Merge = (mine, theirs) => mine === true || theirs === true;
const mine: Merge = (first) => first;
const each: Merge = (first, second) => ({ allOf: [first, second] });
const eachByName: Merge = (first, second) => {
  if (!isJsonObject(first) || !isJsonObject(second)) return undefined;
  const merged: JsonObject = { ...first };
  for (const [name, schema] of Object.entries(second)) {
    const known = Object.hasOwn(first, name) ? first[name] : undefined;
    setField(merged, name, known === undefined ? schema : { allOf: [known, schema] });
  }
  return merged;
};
const common: Merge = (first, second) => {
  if (!Array.isArray(first) || !Array.isArray(second)) return undefined;
  const known = new Set(second.map(canonicalJson));
  return first.filter((one) => known.has(canonicalJson(one)));
};

/** How a keyword that two schemas have is told once; those that are not here are kept beside each other. */
const merges: Readonly<Record<string, Merge>> = {
  title: mine,
  description: mine,
  default: mine,
  example: mine,
  examples: mine,
  format: mine,
  $schema: mine,
  $id: mine,
  $defs: mine,
  definitions: mine,
  components: mine,
  nullable: (first, second) => first === true && second === true,
  readOnly: either,
  writeOnly: either,
  deprecated: either,
  uniqueItems: either,
  minLength: larger,
  minItems: larger,
  minProperties: larger,
  maxLength: smaller,
  maxItems: smaller,
  maxProperties: smaller,
  required: both,
  properties: eachByName,
  patternProperties: eachByName,
  items: each,
  additionalProperties: (first, second) => (first === false || second === false ? false : { allOf: [first, second] }),
  propertyNames: each,
  enum: common,
  type: commonTypes,
};

function commonTypes(first: JsonValue, second: JsonValue): JsonValue {
  const known = Array.isArray(second) ? second : [second];
  const kept = (Array.isArray(first) ? first : [first]).flatMap((one) => {
    if (known.includes(one)) return [one];
    if (one === "number" && known.includes("integer")) return ["integer"];
    return one === "integer" && known.includes("number") ? ["integer"] : [];
  });
  const [only = first, ...others] = kept;
  return others.length === 0 ? only : kept;
}

/** Keywords that only say something together, and so move together. */
const groups = [
  ["if", "then", "else"],
  ["minimum", "exclusiveMinimum"],
  ["maximum", "exclusiveMaximum"],
  ["contains", "minContains", "maxContains"],
];

function merge(flat: FlatSchema, theirs: JsonObject): void {
  const { schema, also } = flat;
  const aside: JsonObject = {};
  for (const [keyword, value] of Object.entries(theirs)) {
    if (value === undefined) continue;
    const known = schema[keyword];
    const group = groups.find((one) => one.includes(keyword));
    const clashes = group === undefined ? known !== undefined : group.some((one) => schema[one] !== undefined);
    if (!clashes) {
      if (group === undefined) schema[keyword] = value;
      continue;
    }
    const merged = known === undefined ? undefined : merges[keyword]?.(known, value);
    if (merged !== undefined) schema[keyword] = merged;
    else if (known === undefined || canonicalJson(known) !== canonicalJson(value)) {
      if (keyword.startsWith("x-")) {
        if (Array.isArray(known) && Array.isArray(value)) schema[keyword] = [...known, ...value];
      } else aside[keyword] = value;
    }
  }
  for (const group of groups) {
    if (group.some((one) => schema[one] !== undefined)) continue;
    for (const one of group) if (theirs[one] !== undefined) schema[one] = theirs[one];
  }
  if (Object.keys(aside).length > 0) also.push(aside);
}
