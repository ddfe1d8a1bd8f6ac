import { deepEqual, isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import { conditionOf, dependenciesOf, isEmptySchema, uniqueTexts } from "./constraint.ts";
import { below, type Conversion, overrunMax, type Task } from "./conversion.ts";
import { commonType, type Shape } from "./shapes.ts";

/**
 * What must hold of a value besides what its fields say; a form shows it in words only.
 *
 * @property holds conditions of draft-07
 * @property raw conditions as the source says them
 * @property also keywords that are in the schema already with another value
 */
export type Conditions = {
  holds: { condition: JsonValue; words?: string }[];
  raw: JsonObject[];
  also: JsonObject[];
  read: (raw: JsonValue | undefined) => JsonValue | undefined;
};

/** Collects conditions; `read` tells one of the source in draft-07, or makes a note why it cannot. */
export function createConditions({ reading, note }: Conversion, at: string): Conditions {
  return {
    holds: [],
    raw: [],
    also: [],
    read: (raw) => {
      try {
        return conditionOf(raw, reading);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        note(at, `A condition is left out, for the form cannot check it (${why})`);
        return undefined;
      }
    },
  };
}

/** Adds to a finished schema everything that is a condition: `not`, `if`, dependencies, and what was collected. */
export function addConditions(
  out: JsonObject,
  shape: Shape,
  conditions: Conditions,
  help: string[],
  task: Task,
  conversion: Conversion,
): void {
  const { schema } = shape;
  const forbidden: JsonValue[] = [];
  const messages: string[] = [];
  const also: JsonObject[] = [...conditions.also];
  for (const { condition, words } of conditions.holds) {
    if (!isJsonObject(condition) || addDirectly(out, condition)) continue;
    if (condition["if"] !== undefined && isShown(condition, out)) also.push(condition);
    else forbidden.push(negated(condition));
    if (words !== undefined) messages.push(words);
  }
  for (const raw of [...conditions.raw, ...shape.also]) {
    if (raw["if"] !== undefined) {
      const told = conditional(raw, task, conversion, conditions);
      if (told !== undefined) also.push(told);
      continue;
    }
    const condition = conditions.read(raw);
    if (condition === undefined || (isEmptySchema(condition) && isJsonObject(condition))) continue;
    if (isJsonObject(condition) && addDirectly(out, condition)) continue;
    forbidden.push(negated(condition));
    const words = wordsOf(raw);
    if (words !== undefined) {
      help.push(words);
      messages.push(words);
    }
  }
  if (schema["not"] !== undefined) {
    const condition = conditions.read(schema["not"]);
    if (condition !== undefined && !isEmptySchema(condition)) {
      forbidden.push(condition);
      const words = wordsOf({ not: schema["not"] });
      if (words !== undefined) {
        help.push(words);
        messages.push(words);
      }
    }
  }
  if (schema["if"] !== undefined) {
    const told = conditional(schema, task, conversion, conditions);
    if (told !== undefined) also.push(told);
  }
  addDependencies(schema, task, conversion, conditions);
  const [only, ...others] = forbidden;
  if (only !== undefined) {
    out["not"] = others.length === 0 ? only : { anyOf: forbidden };
    // What the portal says instead of "must NOT be valid".
    if (messages.length === forbidden.length) out["errorMessage"] = { not: messages.join(" ") };
  }
  const [first, ...rest] = also;
  if (first !== undefined && rest.length === 0 && first["if"] !== undefined && out["if"] === undefined)
    Object.assign(out, first);
  else if (also.length > 0) out["allOf"] = also;
}

/** Whether the library may merge the branches of a condition into the fields it draws: it draws everything that it finds there. */
function isShown(condition: JsonObject, out: JsonObject): boolean {
  const known = out["properties"];
  return ["then", "else"].every((keyword) => {
    const branch = condition[keyword];
    if (!isJsonObject(branch)) return true;
    const own = isJsonObject(branch["properties"]) ? Object.keys(branch["properties"]) : [];
    const plain = Object.keys(branch).every((one) => one === "required" || one === "not");
    return (
      own.length === 0 &&
      plain &&
      uniqueTexts(branch["required"]).every((name) => isJsonObject(known) && Object.hasOwn(known, name))
    );
  });
}

function negated(condition: JsonValue): JsonValue {
  const inner = isJsonObject(condition) && Object.keys(condition).length === 1 ? condition["not"] : undefined;
  return inner ?? { not: condition };
}

/** Keywords that a condition of a single value may have, which then can stand beside the others. */
const direct = new Set([
  "enum",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "required",
]);

/** @returns whether the whole condition is now in the schema */
function addDirectly(out: JsonObject, condition: JsonObject): boolean {
  const keywords = Object.keys(condition);
  if (keywords.length === 0) return true;
  if (out["type"] === undefined || !keywords.every((keyword) => direct.has(keyword))) return false;
  if (keywords.includes("required")) {
    const names = uniqueTexts(condition["required"]);
    const properties = out["properties"];
    if (!isJsonObject(properties) || !names.every((name) => Object.hasOwn(properties, name))) return false;
  }
  const rest = keywords.filter((keyword) => keyword !== "required");
  const values = condition["enum"];
  if (Array.isArray(values) && commonType(values) !== out["type"]) return false;
  if (rest.some((keyword) => out[keyword] !== undefined && !deepEqual(out[keyword], condition[keyword]))) return false;
  for (const keyword of rest) out[keyword] = condition[keyword] ?? null;
  if (keywords.includes("required")) {
    out["required"] = [...new Set([...uniqueTexts(out["required"]), ...uniqueTexts(condition["required"])])];
  }
  return true;
}

/** `if`, `then` and `else` of a schema; fields that only a branch has are fields of the form there. */
function conditional(
  schema: JsonObject,
  task: Task,
  conversion: Conversion,
  conditions: Conditions,
): JsonObject | undefined {
  const condition = conditions.read(schema["if"]);
  if (condition === undefined || (schema["then"] === undefined && schema["else"] === undefined)) return undefined;
  const told: JsonObject = { if: condition };
  for (const keyword of ["then", "else"]) {
    if (schema[keyword] === undefined) continue;
    const branch = branchOf(schema[keyword], task, conversion, conditions);
    if (branch === undefined) return undefined;
    told[keyword] = branch;
  }
  return told;
}

function addDependencies(schema: JsonObject, task: Task, conversion: Conversion, conditions: Conditions): void {
  const dependencies: JsonObject = {};
  for (const [name, one] of dependenciesOf(schema)) {
    const known = dependencies[name];
    const names = uniqueTexts(Array.isArray(one) ? one : isJsonObject(one) ? one["required"] : undefined);
    if (Array.isArray(one) || (isJsonObject(one) && Object.keys(one).every((keyword) => keyword === "required"))) {
      if (isJsonObject(known)) known["required"] = [...new Set([...uniqueTexts(known["required"]), ...names])];
      else if (names.length > 0) dependencies[name] = [...new Set([...uniqueTexts(known), ...names])];
      continue;
    }
    const branch = branchOf(one, task, conversion, conditions);
    if (isJsonObject(branch)) {
      const required = [...new Set([...uniqueTexts(known), ...uniqueTexts(branch["required"])])];
      dependencies[name] = { ...branch, ...(required.length > 0 && { required }) };
    }
  }
  if (Object.keys(dependencies).length > 0) task.out["dependencies"] = dependencies;
}

function branchOf(
  raw: JsonValue | undefined,
  task: Task,
  conversion: Conversion,
  conditions: Conditions,
): JsonValue | undefined {
  const branch = conditions.read(raw);
  const known = task.out["properties"];
  const own = isJsonObject(raw) ? raw["properties"] : undefined;
  if (!isJsonObject(branch) || !isJsonObject(own)) return branch;
  const required = uniqueTexts(branch["required"]);
  const properties = isJsonObject(branch["properties"]) ? branch["properties"] : {};
  for (const [name, one] of Object.entries(own)) {
    if ((isJsonObject(known) && Object.hasOwn(known, name)) || !isJsonObject(one)) continue;
    if (name === "__proto__" || one["type"] === undefined || conversion.fieldsLeft < -overrunMax) continue;
    conversion.fieldsLeft--;
    const out: JsonObject = {};
    properties[name] = out;
    conversion.add({
      ...task,
      raw: one,
      out,
      name,
      at: below(task.at, name),
      path: undefined,
      depth: task.depth + 1,
      urgent: false,
      needed: false,
      required: required.includes(name),
      present: false,
      hints: task.hints === "none" ? "none" : "all",
    });
  }
  if (Object.keys(properties).length > 0) branch["properties"] = properties;
  return branch;
}

/** Which fields must be there, when that is all that a condition says. */
function wordsOf(raw: JsonObject): string | undefined {
  const { anyOf, oneOf, not } = raw;
  const names = (branches: JsonValue | undefined): string[] | undefined => {
    if (!Array.isArray(branches)) return undefined;
    const found = branches.map((branch) =>
      isJsonObject(branch) && Object.keys(branch).every((keyword) => keyword === "required")
        ? uniqueTexts(branch["required"]).join(" and ")
        : "",
    );
    return found.includes("") || found.length === 0 ? undefined : found;
  };
  const [some, exact, never] = [names(anyOf), names(oneOf), isJsonObject(not) ? names([not]) : undefined];
  if (exact !== undefined) return `Exactly one must be set of: ${exact.join(", ")}.`;
  if (some !== undefined) return `At least one must be set of: ${some.join(", ")}.`;
  if (never !== undefined) return `Not to be set together: ${never.join(", ").replaceAll(" and ", ", ")}.`;
  const several = isJsonObject(not) ? names(not["anyOf"]) : undefined;
  return several === undefined ? undefined : `Not to be set together: ${several.join("; ")}.`;
}
