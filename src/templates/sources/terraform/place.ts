import { isJsonObject, type JsonObject } from "../../../apimachinery/index.ts";
import type { Path } from "./formula.ts";
import type { Type } from "./type.ts";

/** Changes the schema of one place; `undefined` when it cannot say what it is asked to. */
export type Change = (schema: JsonObject, type: Type) => JsonObject | undefined;

/**
 * Changes the schema of a value inside a variable.
 *
 * @returns the schema of the variable with the change, or `undefined` when the type has no such place
 */
export function changeAt(schema: JsonObject, type: Type, at: Path, change: Change): JsonObject | undefined {
  const [step, ...rest] = at;
  if (step === undefined) return change(schema, type);
  if (step === "key") return changeKeys(schema, type, rest, change);
  if (step === "each") return changeElements(schema, type, rest, change);
  return changeAttribute(schema, type, step.attribute, rest, change);
}

function changeKeys(schema: JsonObject, type: Type, rest: Path, change: Change): JsonObject | undefined {
  if (type.kind !== "map" || rest.length > 0) return undefined;
  const names = schema["propertyNames"];
  const changed = change(isJsonObject(names) ? names : { type: "string" }, { kind: "string" });
  return changed && { ...schema, propertyNames: changed };
}

function changeElements(schema: JsonObject, type: Type, rest: Path, change: Change): JsonObject | undefined {
  if (type.kind === "object") {
    // Its elements are the values of all attributes.
    const names = [...type.attributes.keys()];
    return names.reduce<JsonObject | undefined>(
      (changed, name) => changed && changeAttribute(changed, type, name, rest, change),
      schema,
    );
  }
  const keyword =
    type.kind === "map" ? "additionalProperties" : type.kind === "list" || type.kind === "set" ? "items" : undefined;
  const elements = keyword && schema[keyword];
  if (!("of" in type) || Array.isArray(type.of) || !keyword || !isJsonObject(elements)) return undefined;
  const changed = changeAt(elements, type.of, rest, change);
  return changed && { ...schema, [keyword]: changed };
}

function changeAttribute(
  schema: JsonObject,
  type: Type,
  name: string,
  rest: Path,
  change: Change,
): JsonObject | undefined {
  if (type.kind === "map") return changeEntry(schema, type.of, name, rest, change);
  const attribute = type.kind === "object" ? type.attributes.get(name) : undefined;
  const properties = schema["properties"];
  const property = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (!attribute || !isJsonObject(properties) || !isJsonObject(property)) return undefined;
  const changed = changeAt(property, attribute.type, rest, change);
  return changed && { ...schema, properties: Object.fromEntries([...Object.entries(properties), [name, changed]]) };
}

/** One entry of a map, `var.tags["owner"]`: like any other, and more. */
function changeEntry(schema: JsonObject, of: Type, name: string, rest: Path, change: Change): JsonObject | undefined {
  const { properties, additionalProperties } = schema;
  const known = isJsonObject(properties) ? properties : {};
  const entry = Object.hasOwn(known, name) ? known[name] : additionalProperties;
  if (!isJsonObject(entry)) return undefined;
  const changed = changeAt(entry, of, rest, change);
  return changed && { ...schema, properties: Object.fromEntries([...Object.entries(known), [name, changed]]) };
}
