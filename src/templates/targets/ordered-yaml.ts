import { type ExactValue, isJsonObject, type JsonValue, setField, stringifyYaml } from "../../apimachinery/index.ts";

/** Writes YAML for people: fields in the order they have, sequences indented, lines never folded, whole numbers as such. */
export function orderedYaml(value: JsonValue): string {
  return stringifyYaml(asExact(value), { v3: { isOrdered: () => true, bytesOf: (text) => Buffer.from(text) } });
}

/** Whole numbers from here on are written with an exponent, `1e+06`, unless they are integers to the writer. */
const exponentFrom = 1_000_000;

/** The same value, copied where it holds large whole numbers only, which schemas rarely do. */
function asExact(value: JsonValue): ExactValue {
  if (typeof value === "number") {
    return Math.abs(value) >= exponentFrom && Number.isSafeInteger(value) ? BigInt(value) : value;
  }
  if (Array.isArray(value)) {
    const items = value.map(asExact);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isJsonObject(value)) return value;
  let copy: { [field: string]: ExactValue } | undefined;
  for (const key of Object.keys(value)) {
    const field = value[key] ?? null;
    const exact = asExact(field);
    if (exact === field) continue;
    copy ??= { ...value };
    setField(copy, key, exact);
  }
  return copy ?? value;
}
