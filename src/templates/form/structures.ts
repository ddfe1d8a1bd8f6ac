import { isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import { patternDialect, uniqueTexts } from "./constraint.ts";
import { below, type Conversion, overrunMax, type Task } from "./conversion.ts";
import { resolveReference } from "./flatten.ts";
import { translatePattern } from "./pattern.ts";
import { anyValue } from "./shapes.ts";

/** How many fields an object of this schema shows. */
export function propertyCount(schema: JsonObject): number {
  return isJsonObject(schema["properties"]) ? Object.keys(schema["properties"]).length : 0;
}

/** Whether a field is only read, and so is no field of a form. */
export function readableOnly(schema: JsonValue | undefined, root: JsonObject): boolean {
  if (!isJsonObject(schema)) return false;
  const { $ref } = schema;
  const target = typeof $ref === "string" ? resolveReference($ref, root) : undefined;
  return schema["readOnly"] === true || (isJsonObject(target) && target["readOnly"] === true);
}

/** Fills in an object. @param moved fields that its alternatives show instead */
export function addObject(schema: JsonObject, task: Task, conversion: Conversion, moved: ReadonlySet<string>): void {
  const { out, at } = task;
  const { reading } = conversion;
  const isKubernetes = reading.dialect === "kubernetes";
  const embedded = isKubernetes && schema["x-kubernetes-embedded-resource"] === true;
  const properties: JsonObject = {
    ...(embedded && embeddedFields),
    ...(isJsonObject(schema["properties"]) ? schema["properties"] : {}),
  };
  const isRead = (name: string) => properties[name] === false || readableOnly(properties[name], reading.root);
  const required = uniqueTexts([
    ...(embedded ? ["apiVersion", "kind"] : []),
    ...uniqueTexts(schema["required"]),
  ]).filter((name) => !isRead(name));
  const open = openSchema(schema, isKubernetes, properties, task, conversion);
  for (const name of required) {
    if (Object.hasOwn(properties, name) || moved.has(name)) continue;
    setField(properties, name, isJsonObject(open) ? open : {});
  }
  const names = orderedNames(Object.keys(properties), required, task, conversion);
  const over = task.depth >= conversion.depthMax || names.length > conversion.fieldsLeft;
  const shown: JsonObject = {};
  let left = 0;
  for (const name of names) {
    if (isRead(name)) continue;
    if (name === "__proto__") {
      // The portal would write what belongs to it into every object of the page.
      conversion.note(below(at, name), "A field of this name is not asked for, for the portal cannot hold its answer");
      continue;
    }
    const isRequired = required.includes(name);
    const path = task.path === undefined ? undefined : [...task.path, name];
    const isProminent = path !== undefined && conversion.prominent.some((one) => startsWith(one, path));
    const urgent = (isRequired && task.urgent && task.present) || isProminent;
    const needed = (isRequired && conversion.fieldsLeft > -overrunMax) || isProminent;
    if (over && !needed && task.depth > 0) {
      left++;
      continue;
    }
    const child: JsonObject = {};
    setField(shown, name, child);
    conversion.fieldsLeft--;
    conversion.add({
      ...task,
      raw: properties[name],
      out: child,
      at: below(at, name),
      name,
      path,
      depth: task.depth + 1,
      urgent: urgent && conversion.fieldsLeft > -overrunMax,
      needed,
      required: isRequired,
      present: task.present && isRequired,
      hints: task.hints === "none" ? "none" : "all",
    });
  }
  if (Object.keys(shown).length > 0) out["properties"] = shown;
  const kept = required.filter((name) => Object.hasOwn(shown, name) || moved.has(name));
  if (kept.length > 0) out["required"] = kept;
  if (left > 0) {
    out["additionalProperties"] = true;
    conversion.note(
      at,
      `Its ${left} other fields are too many or too deep for a form, and are entered as names and values`,
    );
  } else if (open !== undefined && !(open === false && moved.size > 0)) {
    out["additionalProperties"] = isJsonObject(open) ? mapValues(open, task, conversion) : open;
  }
  for (const keyword of ["minProperties", "maxProperties"]) {
    const limit = schema[keyword];
    if (typeof limit === "number" && Number.isInteger(limit) && limit > 0) out[keyword] = limit;
  }
}

const embeddedFields: JsonObject = {
  apiVersion: { type: "string", minLength: 1, description: "API version of the object" },
  kind: { type: "string", minLength: 1, description: "Kind of the object" },
  metadata: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
};

function mapValues(schema: JsonObject, task: Task, conversion: Conversion): JsonObject {
  const out: JsonObject = {};
  conversion.add({
    ...task,
    raw: schema,
    out,
    at: `${task.at}.*`,
    path: undefined,
    depth: task.depth + 1,
    urgent: false,
    needed: false,
    required: true,
    present: true,
    hints: "none",
  });
  return out;
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((name, index) => path[index] === name);
}

/** Prominent fields as they are listed, then required ones, then the others as the source has them. */
function orderedNames(
  names: readonly string[],
  required: readonly string[],
  { path }: Task,
  { prominent }: Conversion,
): string[] {
  const first =
    path === undefined ? [] : prominent.filter((one) => startsWith(one, path)).map((one) => one[path.length] ?? "");
  const known = new Set(names);
  return [
    ...new Set([
      ...first.filter((name) => known.has(name)),
      ...names.filter((name) => required.includes(name)),
      ...names,
    ]),
  ];
}

/** What fields without a property of their own may be; `undefined` when nothing is said and no form asks for them. */
function openSchema(
  schema: JsonObject,
  isKubernetes: boolean,
  properties: JsonObject,
  task: Task,
  conversion: Conversion,
): JsonValue | undefined {
  const { additionalProperties, patternProperties, propertyNames } = schema;
  addNames(propertyNames, task, conversion);
  const patterns = isJsonObject(patternProperties) ? Object.entries(patternProperties) : [];
  if (patterns.length > 0) return patternedFields(patterns, schema, properties, task, conversion);
  if (isJsonObject(additionalProperties))
    return Object.keys(additionalProperties).length === 0 ? true : additionalProperties;
  if (isKubernetes) {
    const isOpen =
      schema["x-kubernetes-preserve-unknown-fields"] === true || schema["x-kubernetes-embedded-resource"] === true;
    return isOpen || additionalProperties === true ? true : undefined;
  }
  if (typeof additionalProperties === "boolean") return additionalProperties;
  if (schema["unevaluatedProperties"] === false || Object.keys(properties).length > 0) return undefined;
  return true;
}

function addNames(propertyNames: JsonValue | undefined, { out, at }: Task, { reading, note }: Conversion): void {
  if (!isJsonObject(propertyNames)) return;
  const names: JsonObject = {};
  const { pattern, minLength, maxLength } = propertyNames;
  if (typeof pattern === "string") {
    try {
      names["pattern"] = translatePattern(pattern, patternDialect(reading.dialect));
    } catch {
      note(at, `The pattern ${pattern} for names is left out, for the portal cannot check it`);
    }
  }
  if (typeof minLength === "number") names["minLength"] = minLength;
  if (typeof maxLength === "number") names["maxLength"] = maxLength;
  if (Array.isArray(propertyNames["enum"])) names["enum"] = uniqueTexts(propertyNames["enum"]);
  if (Object.keys(names).length > 0) out["propertyNames"] = names;
}

/**
 * Fields by patterns of their names. The form library knows none, so any name is offered, and names are checked: one pattern gives
 * all new fields its schema.
 */
function patternedFields(
  patterns: [string, JsonValue][],
  schema: JsonObject,
  properties: JsonObject,
  { out, at }: Task,
  { reading, note }: Conversion,
): JsonValue | undefined {
  const translated = patterns.flatMap(([pattern]) => {
    try {
      return [translatePattern(pattern, patternDialect(reading.dialect))];
    } catch {
      note(at, `Fields by the pattern ${pattern} are left out, for the portal cannot check it`);
      return [];
    }
  });
  const closed = schema["additionalProperties"] === false || schema["unevaluatedProperties"] === false;
  if (closed && translated.length === patterns.length && out["propertyNames"] === undefined) {
    const names = Object.keys(properties);
    const fitting = [...translated.map((pattern) => ({ pattern })), ...(names.length > 0 ? [{ enum: names }] : [])];
    const [only, ...others] = fitting;
    out["propertyNames"] = others.length === 0 && only !== undefined ? only : { anyOf: fitting };
  }
  const [first, ...others] = patterns.map(([, one]) => one);
  const rest = schema["additionalProperties"];
  if (others.length === 0 && (closed || rest === undefined) && isJsonObject(first) && Object.keys(first).length > 0) {
    return first;
  }
  if (!closed || others.length > 0) note(at, "Fields whose names decide what they are are entered as names and values");
  return true;
}

/** Fills in a list. */
export function addList(schema: JsonObject, task: Task, conversion: Conversion, help: string[]): void {
  const { out, at } = task;
  const { prefixItems, items, additionalItems } = schema;
  for (const keyword of ["minItems", "maxItems"]) {
    const limit = schema[keyword];
    if (typeof limit === "number" && Number.isInteger(limit) && limit >= 0) out[keyword] = limit;
  }
  if (schema["uniqueItems"] === true || schema["x-kubernetes-list-type"] === "set") out["uniqueItems"] = true;
  const keys = uniqueTexts(schema["x-kubernetes-list-map-keys"]);
  if (schema["x-kubernetes-list-type"] === "map" && keys.length > 0) {
    help.push(`No two items may have the same ${keys.join(" and ")}.`);
  }
  const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  const rest = Array.isArray(prefixItems) ? items : Array.isArray(items) ? additionalItems : undefined;
  const isAsked = typeof out["minItems"] === "number" && out["minItems"] > 0 && conversion.fieldsLeft > -overrunMax;
  const item = (raw: JsonValue | undefined, index: string, hints: Task["hints"]): JsonObject => {
    const made: JsonObject = {};
    conversion.fieldsLeft--;
    if (conversion.fieldsLeft < -overrunMax) return Object.assign(made, anyValue("string"));
    conversion.add({
      ...task,
      raw,
      out: made,
      at: `${at}[${index}]`,
      path: undefined,
      depth: task.depth + 1,
      urgent: task.urgent && task.present && isAsked,
      needed: isAsked,
      required: true,
      present: true,
      hints,
    });
    return made;
  };
  const hints = task.hints === "none" ? "none" : "all";
  if (tuple !== undefined && tuple.length > 0) {
    addTuple(tuple, rest, task, item);
    return;
  }
  if (items === false) out["maxItems"] = 0;
  const any = !isJsonObject(items) || Object.keys(items).length === 0;
  out["items"] = any ? anyValue("string") : item(items, "*", hints);
}

/** Longer lists of items by position are cut; nobody fills them in. */
const tupleMax = 50;

/**
 * Items by position. The form library fills in as many empty ones as there are, also in a list that nobody asked for; such a list is
 * one of several kinds of items instead, whose order is only checked.
 */
function addTuple(
  tuple: readonly JsonValue[],
  rest: JsonValue | undefined,
  { out, required, present }: Task,
  item: (raw: JsonValue | undefined, index: string, hints: Task["hints"]) => JsonObject,
): void {
  const made = tuple.slice(0, tupleMax).map((one, index) => item(one, String(index), "none"));
  if (rest === false)
    out["maxItems"] = Math.min(typeof out["maxItems"] === "number" ? out["maxItems"] : tuple.length, tuple.length);
  if (required && present && rest === false) {
    out["items"] = made;
    out["additionalItems"] = false;
    out["minItems"] = Math.max(typeof out["minItems"] === "number" ? out["minItems"] : 0, 0);
    if (out["minItems"] === 0) delete out["minItems"];
    return;
  }
  const [only, ...others] = made;
  const others2 = isJsonObject(rest) ? [item(rest, "*", "none")] : rest === false ? [] : [anyValue("string")];
  const kinds = [...made, ...others2];
  out["items"] = only !== undefined && others.length === 0 && rest === false ? only : { anyOf: kinds };
  if (kinds.length > 1) {
    for (const [index, kind] of kinds.entries())
      kind["title"] ??= index < made.length ? `Item ${index + 1}` : "More items";
  }
}
