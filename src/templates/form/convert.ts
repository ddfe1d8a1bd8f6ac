import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import type { Note, SchemaDialect } from "../definition.ts";
import { addAlternatives, chooseAlternatives } from "./alternatives.ts";
import { addConditions, type Conditions, createConditions } from "./conditions.ts";
import { enumeratedValues, numberKeywords } from "./constraint.ts";
import { type Conversion, createNotes, type Task } from "./conversion.ts";
import { cutDescription, sentence } from "./describe.ts";
import { createFitCheck } from "./fits.ts";
import { addHints } from "./hints.ts";
import { loosen } from "./loosen.ts";
import { rulePrefix, tellRules } from "./rules.ts";
import { addScalar, quantity } from "./scalars.ts";
import { anyValue, commonType, freeObject, isIntOrString, type Shape, shapeOf, typesOf, typeTitle } from "./shapes.ts";
import { addList, addObject, propertyCount } from "./structures.ts";

export type ConvertOptions = {
  dialect: SchemaDialect;
  /** How deep fields may lie below the root; {@link defaultDepthMax} when absent. */
  depthMax?: number;
  /** How many fields are shown; {@link defaultFieldsMax} when absent. */
  fieldsMax?: number;
  /** Fields to show first, as paths from the root. */
  prominent?: readonly (readonly string[])[];
  /** The document that references lead into; the schema itself when absent. */
  root?: JsonObject;
};

/** Six levels reach everything people set by hand; below are embedded pods and their like. */
export const defaultDepthMax = 6;
/** A form of some hundred fields still draws in a second; the largest kinds have ten thousand. */
export const defaultFieldsMax = 400;

/**
 * Turns a schema of any dialect into one that forms are made of: draft-07 in the part that the form library draws, with `ui:*`
 * hints inside, complete in itself. What is required is there whatever the limits; what they cut off is a field for names and values.
 * A field that is left blank is as good as one that is not there, also where the form library makes an empty object of it.
 *
 * @returns notes about everything that is told in another way than in the source
 */
export function convertSchema(schema: JsonObject, options: ConvertOptions): { schema: JsonObject; notes: Note[] } {
  const { notes, note } = createNotes();
  const out: JsonObject = {};
  const fits = createFitCheck();
  const queue = createQueue();
  const conversion: Conversion = {
    reading: { root: options.root ?? schema, dialect: options.dialect },
    depthMax: options.depthMax ?? defaultDepthMax,
    fieldsLeft: options.fieldsMax ?? defaultFieldsMax,
    prominent: options.prominent ?? [],
    add: queue.add,
    note,
    defaults: [],
    hints: [],
  };
  queue.add({
    raw: schema,
    out,
    at: "",
    name: "",
    path: [],
    depth: 0,
    targets: [],
    urgent: true,
    needed: true,
    required: true,
    present: true,
    hints: "all",
  });
  for (let task = queue.next(); task !== undefined; task = queue.next()) convert(task, conversion);
  for (const { out: place, value, at } of conversion.defaults) {
    const misfit = fits(value, place);
    if (misfit === undefined && !isDrawable(value, place, 0)) {
      note(
        at,
        `The default ${shortJson(value)} has lists in what is entered as names and values, and is left to the source`,
      );
    } else if (misfit === undefined) place["default"] = value;
    else {
      const where = misfit.at === "" ? "" : ` at ${misfit.at}`;
      note(at, `The default ${shortJson(value)} does not fit its own schema${where} (${misfit.why}) and is left out`);
    }
  }
  for (const { out: place, subject } of conversion.hints) addHints(place, subject);
  loosen(out, options.dialect);
  // Blank lists and objects count for nothing from here on, and a default may consist of them.
  for (const { out: place, at } of conversion.defaults) {
    const value = place["default"];
    if (value === undefined || fits(value, place) === undefined) continue;
    delete place["default"];
    note(at, `The default ${shortJson(value)} leaves out what is required, and is left out itself`);
  }
  return { schema: out, notes };
}

/** How deep defaults are looked into; deeper ones are not drawn as what they are. */
const defaultDepthLimit = 40;

/** Whether the form can show a value: for a list in a free object the form library has no items to show. */
function isDrawable(value: JsonValue, schema: JsonValue | undefined, depth: number): boolean {
  if (!isJsonObject(schema)) return true;
  if (depth > defaultDepthLimit) return false;
  const { type, items, properties, additionalProperties, anyOf, oneOf } = schema;
  const isList = Array.isArray(value);
  // Of alternatives it is the one of its type that shows it.
  if (typeof type === "string" && (isList || isJsonObject(value)) && type !== (isList ? "array" : "object"))
    return false;
  const branches = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  if (branches.length > 0 && !branches.some((branch) => isDrawable(value, branch, depth + 1))) return false;
  if (Array.isArray(value)) {
    return Array.isArray(items) || value.every((item) => isDrawable(item, items, depth + 1));
  }
  if (!isJsonObject(value)) return true;
  return Object.entries(value).every(([name, one]) => {
    if (isJsonObject(properties) && Object.hasOwn(properties, name))
      return isDrawable(one, properties[name], depth + 1);
    if (additionalProperties !== true) return isDrawable(one, additionalProperties, depth + 1);
    return !Array.isArray(one) && isDrawable(one, freeObject(), depth + 1);
  });
}

function shortJson(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

/** Urgent tasks first, then the least deep: limits then cut off what lies deepest. */
function createQueue(): { add: (task: Task) => void; next: () => Task | undefined } {
  const levels: Task[][] = [];
  const positions: number[] = [];
  let lowest = 0;
  return {
    add: (task) => {
      const level = task.urgent ? 0 : task.depth + 1;
      while (levels.length <= level) {
        levels.push([]);
        positions.push(0);
      }
      levels[level]?.push(task);
      lowest = Math.min(lowest, level);
    },
    next: () => {
      for (; lowest < levels.length; lowest++) {
        const position = positions[lowest] ?? 0;
        const task = levels[lowest]?.[position];
        if (task !== undefined) {
          positions[lowest] = position + 1;
          return task;
        }
      }
      return undefined;
    },
  };
}

function convert(task: Task, conversion: Conversion): void {
  const { reading, note } = conversion;
  const { out, at } = task;
  const shape = shapeOf(task.raw, reading.root, (reference) =>
    note(at, `The reference ${reference} leads to nothing in this document, so any value is accepted`),
  );
  const help = addTexts(shape.schema, task);
  if (shape.targets.some((target) => task.targets.includes(target))) {
    note(at, "It contains itself, and from here on is entered as names and values");
    Object.assign(out, typesOf(shape.schema)[0] === "array" ? { type: "array", items: anyValue() } : freeObject());
    return;
  }
  const inner = { ...task, targets: shape.targets.length === 0 ? task.targets : [...task.targets, ...shape.targets] };
  const conditions = createConditions(conversion, at);
  const comparisons: string[] = [];
  for (const { words, conditions: holds, comparison } of tellRules(
    shape.schema["x-kubernetes-validations"],
    shape.schema,
  )) {
    help.push(words);
    for (const condition of holds) conditions.holds.push({ condition, words });
    if (comparison !== undefined) comparisons.push(`${rulePrefix}${comparison}`);
  }
  // Nothing checks it in the form; who makes answers without asking people finds it here.
  if (comparisons.length > 0) out["$comment"] = comparisons.join("\n");
  const placeholder = addValue(shape, inner, conversion, help, conditions);
  addConditions(out, shape, conditions, help, inner, conversion);
  const { default: value } = shape.schema;
  if (value !== undefined && value !== null && task.hints !== "none")
    conversion.defaults.push({ out, value: defaultFor(out, value), at });
  if (task.hints !== "all") return;
  const password = shape.schema["writeOnly"] === true || shape.schema["format"] === "password";
  const subject = {
    name: task.name,
    required: task.required,
    help,
    ...(placeholder !== undefined && { placeholder }),
    password,
  };
  conversion.hints.push({ out, subject });
}

/** A default of a number or text where the form only takes the one of them. */
function defaultFor(out: JsonObject, value: JsonValue): JsonValue {
  return out["type"] === "string" && typeof value === "number" ? String(value) : value;
}

/** @returns what does not fit into the description, as the first sentence of the help */
function addTexts(schema: JsonObject, { out, hints }: Task): string[] {
  const { title, description } = schema;
  if (out["title"] === undefined && typeof title === "string" && title.trim() !== "") out["title"] = title.trim();
  if (typeof description !== "string" || description.trim() === "") return [];
  const cut = cutDescription(description);
  out["description"] = cut.description;
  return hints === "all" && cut.rest !== "" ? [cut.rest] : [];
}

/** @returns what stands in the empty field as an example */
function addValue(
  shape: Shape,
  task: Task,
  conversion: Conversion,
  help: string[],
  conditions: Conditions,
): string | undefined {
  const { schema, nullable } = shape;
  const { out } = task;
  const { dialect } = conversion.reading;
  const types = typesOf(schema);
  const values = enumeratedValues(schema)?.filter((value) => value !== null);
  if (values !== undefined && (values.length > 0 || types.length === 0)) {
    addEnumeration(values, nullable, types, task);
    return undefined;
  }
  if (isIntOrString(schema)) return addIntOrString(schema, task, conversion, conditions);
  const alternatives = chooseAlternatives(shape, types, task, conversion);
  conditions.raw.push(...alternatives.conditions);
  const base = alternatives.base;
  if (alternatives.structural !== undefined) addAlternatives(alternatives.structural, task, conversion);
  if (types.length > 1) {
    addTypes(types, schema, task, conversion);
    return undefined;
  }
  const [type] = types;
  switch (type) {
    case undefined:
      if (alternatives.structural !== undefined) return undefined;
      if (dialect === "kubernetes" && schema["x-kubernetes-preserve-unknown-fields"] !== true && isEmbedded(schema))
        break;
      Object.assign(
        out,
        task.hints === "none" ? freeObject() : anyValue(dialect === "kubernetes" ? "object" : "string"),
      );
      return undefined;
    case "object":
    case "array":
      if (isCut(type, base, task, conversion)) {
        cut(type, out, base, task, conversion);
        return undefined;
      }
      out["type"] = nullable ? [type, "null"] : type;
      if (type === "object") addObject(base, task, conversion, alternatives.moved);
      else addList(base, task, conversion, help);
      return undefined;
    case "null":
      out["type"] = "null";
      return undefined;
  }
  return type === undefined ? undefined : addScalar(type, base, nullable, task, conversion, conditions);
}

function isEmbedded(schema: JsonObject): boolean {
  return schema["x-kubernetes-embedded-resource"] === true;
}

function addEnumeration(
  values: JsonValue[],
  nullable: boolean,
  types: readonly string[],
  { out, required }: Task,
): void {
  const fitting = values.filter(
    (value) => types.length === 0 || types.includes(commonType([value]) ?? "") || isNumberIn(value, types),
  );
  const kept = fitting.length > 0 ? fitting : values;
  const type = commonType(kept);
  const isScalar = type !== undefined && !["object", "array", "null"].includes(type);
  if (isScalar) out["type"] = nullable ? [type, "null"] : type;
  else if (type === undefined && kept.length === 0) {
    out["type"] = "null";
    return;
  }
  out["enum"] = nullable ? [...kept, null] : kept;
  const [only] = kept;
  // There is nothing to choose, and so it is chosen already.
  if (required && !nullable && kept.length === 1 && only !== undefined) out["default"] = only;
}

function isNumberIn(value: JsonValue, types: readonly string[]): boolean {
  return typeof value === "number" && types.includes("number");
}

function addIntOrString(
  schema: JsonObject,
  task: Task,
  conversion: Conversion,
  conditions: Conditions,
): string | undefined {
  const { out } = task;
  const { anyOf, ...rest } = schema;
  if (Array.isArray(anyOf) && !anyOf.every((one) => isJsonObject(one) && typeof one["type"] === "string")) {
    conditions.raw.push({ anyOf });
  }
  const isQuantity = quantity(schema, conversion.reading.dialect);
  if (task.hints === "none") {
    // Of a new value of several alternatives in a map the library makes an object; of several types it takes the first.
    addScalar("string", rest, false, task, conversion, conditions);
    Object.assign(out, { type: ["string", "integer"] }, numberKeywords(rest));
    return undefined;
  }
  const text: JsonObject = { title: isQuantity ? "Quantity" : "Text" };
  const number: JsonObject = { title: "Number" };
  const branch = { ...task, hints: "none" as const };
  addScalar("string", rest, false, { ...branch, out: text }, conversion, conditions);
  addScalar("integer", rest, false, { ...branch, out: number }, conversion, conditions);
  out["anyOf"] = isQuantity ? [text, number] : [number, text];
  return isQuantity ? "500m" : undefined;
}

/** One alternative for each type, with the keywords of the schema that are about it. */
function addTypes(types: readonly string[], schema: JsonObject, task: Task, conversion: Conversion): void {
  const { default: _, title: __, description: ___, anyOf, oneOf, not, ...rest } = schema;
  const branches = types.map((type) => {
    const out: JsonObject = { title: typeTitle(type) };
    conversion.add({ ...task, raw: { ...rest, type }, out, hints: task.hints === "none" ? "none" : "below" });
    return out;
  });
  if (task.out["anyOf"] === undefined && task.out["oneOf"] === undefined) task.out["anyOf"] = branches;
}

function isCut(type: "object" | "array", schema: JsonObject, task: Task, conversion: Conversion): boolean {
  if (task.needed) return false;
  if (type === "array") return task.depth > conversion.depthMax;
  const count = propertyCount(schema);
  return count > 0 && (task.depth >= conversion.depthMax || count > conversion.fieldsLeft);
}

function cut(
  type: "object" | "array",
  out: JsonObject,
  schema: JsonObject,
  { at, depth }: Task,
  conversion: Conversion,
): void {
  Object.assign(out, type === "array" ? { type, items: anyValue() } : freeObject());
  for (const keyword of type === "array" ? ["minItems", "maxItems"] : []) {
    const limit = schema[keyword];
    if (typeof limit === "number" && Number.isInteger(limit) && limit >= 0) out[keyword] = limit;
  }
  const count = propertyCount(schema);
  const why = depth >= conversion.depthMax ? "lie too deep" : "are too many";
  const what = type === "array" ? "Its items" : count === 1 ? "Its field" : `Its ${count} fields`;
  conversion.note(at, sentence(`${what} ${why} for a form, and are entered as names and values`).slice(0, -1));
}
