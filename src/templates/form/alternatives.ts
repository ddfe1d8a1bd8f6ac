import { isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import type { SchemaDialect } from "../definition.ts";
import { enumeratedValues, uniqueTexts } from "./constraint.ts";
import { type Conversion, overrunMax, type Task } from "./conversion.ts";
import { flattenSchema } from "./flatten.ts";
import { freeObject, type Shape, typesOf, typeTitle } from "./shapes.ts";

/** Alternatives that a form shows as a choice. */
type Structural = {
  keyword: "anyOf" | "oneOf";
  branches: JsonObject[];
  titles: string[];
  /** What the references of each branch have led to. */
  targets: JsonObject[][];
};

/**
 * What becomes of `anyOf` and `oneOf`.
 *
 * @property base the schema without what moves into the branches of a choice
 * @property conditions alternatives that say something about fields which are shown anyway
 * @property moved the fields that moved
 */
export type Alternatives = {
  base: JsonObject;
  structural: Structural | undefined;
  conditions: JsonObject[];
  moved: ReadonlySet<string>;
};

/** More alternatives than these are no choice for people, and every one of them costs time at every keystroke. */
const branchesMax = 60;

export function chooseAlternatives(
  shape: Shape,
  types: readonly string[],
  task: Task,
  conversion: Conversion,
): Alternatives {
  const { reading, note } = conversion;
  const conditions: JsonObject[] = [];
  let structural: Structural | undefined;
  let moved: ReadonlySet<string> = new Set();
  const { anyOf, oneOf = onlyOne(shape.schema, types, task, reading.dialect), ...rest } = shape.schema;
  let base: JsonObject = rest;
  for (const [keyword, list] of [
    ["oneOf", oneOf],
    ["anyOf", anyOf],
  ] as const) {
    if (!Array.isArray(list) || list.length === 0) continue;
    const flat = list.map((one) => flattenSchema(one, reading.root, () => undefined));
    const branches = flat.map(({ schema, also }) => (also.length > 0 ? { ...schema, allOf: also } : schema));
    const choice =
      structural !== undefined || list.length > branchesMax
        ? undefined
        : keyword === "oneOf" && task.present && reading.dialect === "kubernetes"
          ? (exclusiveFields(base, branches) ?? undefined)
          : structure(base, branches, types, reading.dialect === "kubernetes");
    if (choice === undefined) {
      if (list.length > branchesMax) note(task.at, `Its ${list.length} alternatives are not shown as a choice`);
      conditions.push({ [keyword]: list });
      continue;
    }
    base = choice.base;
    moved = choice.moved;
    const targets = flat.map((one) => one.targets);
    structural = { keyword, branches: choice.branches, titles: titlesOf(list, choice.branches), targets };
  }
  return { base, structural, conditions, moved };
}

/** Exactly one field of several, told by counts: the same as `oneOf` of what is required. */
function onlyOne(
  schema: JsonObject,
  types: readonly string[],
  { present }: Task,
  dialect: SchemaDialect,
): JsonValue | undefined {
  const { minProperties, maxProperties, properties, required, additionalProperties } = schema;
  const isUnion =
    present && types[0] === "object" && minProperties === 1 && maxProperties === 1 && dialect === "kubernetes";
  if (!isUnion || !isJsonObject(properties) || additionalProperties !== undefined || uniqueTexts(required).length > 0) {
    return undefined;
  }
  const names = Object.keys(properties);
  return names.length < 2 || names.length > branchesMax ? undefined : names.map((name) => ({ required: [name] }));
}

type Choice = { base: JsonObject; branches: JsonObject[]; moved: ReadonlySet<string> };

/** `oneOf: [{required: [a]}, {required: [b]}]`: the choice is which of the fields is there. */
function exclusiveFields(base: JsonObject, branches: readonly JsonObject[]): Choice | undefined {
  const properties = base["properties"];
  if (!isJsonObject(properties) || branches.length < 2) return undefined;
  const always = uniqueTexts(base["required"]);
  const moved = new Set<string>();
  const made: JsonObject[] = [];
  for (const branch of branches) {
    const names = uniqueTexts(branch["required"]);
    const isPlain = Object.keys(branch).every((keyword) => ["required", "title", "description"].includes(keyword));
    if (!isPlain || names.length === 0) return undefined;
    const own: JsonObject = {};
    for (const name of names) {
      if (moved.has(name) || always.includes(name) || !Object.hasOwn(properties, name)) return undefined;
      moved.add(name);
      setField(own, name, properties[name]);
    }
    made.push({
      type: "object",
      ...(typeof branch["title"] === "string" && { title: branch["title"] }),
      properties: own,
      required: names,
    });
  }
  for (const branch of made) {
    const own = uniqueTexts(branch["required"]);
    const others = made.filter((one) => one !== branch).map((one) => ({ required: uniqueTexts(one["required"]) }));
    if (own.length > 0) branch["not"] = others.length === 1 ? (others[0] ?? {}) : { anyOf: others };
  }
  return { base: without(base, moved), branches: made, moved };
}

function without(base: JsonObject, moved: ReadonlySet<string>): JsonObject {
  const properties: JsonObject = {};
  for (const [name, one] of Object.entries(isJsonObject(base["properties"]) ? base["properties"] : {})) {
    if (!moved.has(name)) setField(properties, name, one);
  }
  return { ...base, properties };
}

/** Alternatives that say what stands there, rather than what is true of it. */
function structure(
  base: JsonObject,
  branches: readonly JsonObject[],
  types: readonly string[],
  isKubernetes: boolean,
): Choice | undefined {
  if (isKubernetes || branches.length < 2) return undefined;
  const properties = isJsonObject(base["properties"]) ? base["properties"] : {};
  const [type] = types;
  if (type === undefined) {
    if (
      !branches.every(
        (branch) => typesOf(branch).length > 0 || enumeratedValues(branch) !== undefined || isChoice(branch),
      )
    ) {
      const isSaid = branches.some((branch) => typesOf(branch).length > 0);
      if (!isSaid) return undefined;
    }
    return { base: {}, branches: branches.map((branch) => ({ ...withoutTexts(base), ...branch })), moved: new Set() };
  }
  if (types.length !== 1 || type !== "object") return undefined;
  const names = new Set(
    branches.flatMap((branch) => (isJsonObject(branch["properties"]) ? Object.keys(branch["properties"]) : [])),
  );
  const isNew = [...names].some((name) => !Object.hasOwn(properties, name));
  if (!isNew && Object.keys(properties).length > 0) return undefined;
  if (names.size === 0 && !branches.some((branch) => isJsonObject(branch["additionalProperties"]))) return undefined;
  const moved = new Set([...names].filter((name) => Object.hasOwn(properties, name)));
  const made = branches.map((branch) => {
    const own: JsonObject = { ...(isJsonObject(branch["properties"]) ? branch["properties"] : {}) };
    for (const name of moved) {
      const known = properties[name] ?? {};
      setField(own, name, Object.hasOwn(own, name) ? { allOf: [own[name] ?? {}, known] } : known);
    }
    const { additionalProperties, unevaluatedProperties, ...rest } = branch;
    const closed = additionalProperties !== undefined && Object.keys(properties).length === moved.size;
    const always = uniqueTexts(base["required"]).filter((name) => moved.has(name));
    const required = [...new Set([...always, ...uniqueTexts(branch["required"])])];
    return {
      ...rest,
      ...(closed && { additionalProperties }),
      type: "object",
      properties: own,
      ...(required.length > 0 && { required }),
    };
  });
  const { additionalProperties, ...open } = without(base, moved);
  const own: JsonObject =
    additionalProperties === false || additionalProperties === undefined ? {} : { additionalProperties };
  const required = uniqueTexts(base["required"]).filter((name) => !moved.has(name) && !names.has(name));
  return { base: { ...open, ...own, required, unevaluatedProperties: false }, branches: made, moved: names };
}

function isChoice(branch: JsonObject): boolean {
  return Array.isArray(branch["anyOf"]) || Array.isArray(branch["oneOf"]);
}

function withoutTexts({
  title,
  description,
  default: _,
  $schema,
  $id,
  $defs,
  definitions,
  components,
  ...rest
}: JsonObject): JsonObject {
  return rest;
}

/** A name for each branch: its title, what it refers to, what it fixes or asks for, or its type; all different. */
function titlesOf(list: readonly JsonValue[], branches: readonly JsonObject[]): string[] {
  const seen = new Map<string, number>();
  return branches.map((branch, index) => {
    const title = titleOf(list[index], branch) ?? `Option ${index + 1}`;
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    return count === 1 ? title : `${title} (${count})`;
  });
}

function titleOf(raw: JsonValue | undefined, branch: JsonObject): string | undefined {
  const { title, properties } = branch;
  if (typeof title === "string" && title.trim() !== "") return title.trim();
  const reference = isJsonObject(raw) ? raw["$ref"] : undefined;
  if (typeof reference === "string" && reference.includes("/")) return reference.slice(reference.lastIndexOf("/") + 1);
  for (const [name, one] of isJsonObject(properties) ? Object.entries(properties) : []) {
    const values = isJsonObject(one) ? enumeratedValues(one) : undefined;
    if (values?.length === 1 && typeof values[0] === "string") return `${name}: ${values[0]}`;
  }
  const values = enumeratedValues(branch);
  if (values?.length === 1 && typeof values[0] !== "object") return String(values[0]);
  const required = uniqueTexts(branch["required"]);
  if (required.length > 0 && required.length <= 3) return required.join(" and ");
  const [type] = typesOf(branch);
  return type === undefined ? undefined : typeTitle(type);
}

/** Fills in a choice. */
export function addAlternatives(
  { keyword, branches, titles, targets }: Structural,
  task: Task,
  conversion: Conversion,
): void {
  task.out[keyword] = branches.map((branch, index) => {
    const out: JsonObject = { title: titles[index] ?? "" };
    const own = targets[index] ?? [];
    conversion.fieldsLeft--;
    if (own.some((target) => task.targets.includes(target)) || conversion.fieldsLeft < -overrunMax) {
      conversion.note(task.at, "An alternative contains itself, and is entered as names and values");
      return Object.assign(out, freeObject());
    }
    conversion.add({
      ...task,
      raw: branch,
      out,
      targets: own.length === 0 ? task.targets : [...task.targets, ...own],
      // What a branch requires belongs to the choice, however deep it lies.
      needed: true,
      hints: task.hints === "none" ? "none" : "below",
    });
    return out;
  });
}
