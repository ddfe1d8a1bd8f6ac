import {
  type ExactValue,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  setField,
  stringifyYaml,
} from "../../apimachinery/index.ts";

/** Writes YAML for people: fields in the order they have, sequences indented, lines never folded, whole numbers as such. */
export function orderedYaml(value: JsonValue): string {
  return stringifyYaml(asExact(value), { v3: { isOrdered: () => true, bytesOf: (text) => Buffer.from(text) } });
}

/** Numbers that are whole would be written as floats otherwise, `1e+06`. */
function asExact(value: JsonValue): ExactValue {
  if (Array.isArray(value)) return value.map(asExact);
  if (isJsonObject(value)) return exactFields(value);
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function exactFields(object: JsonObject): { [field: string]: ExactValue } {
  const exact: { [field: string]: ExactValue } = {};
  for (const [key, value] of Object.entries(object)) setField(exact, key, asExact(value));
  return exact;
}
