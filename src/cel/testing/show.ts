import { toText } from "../convert.ts";
import { List, Optional, typeNameOf, Uint, type Value } from "../values.ts";

/** A value as the table of answers writes it. */
export function show(value: Value): string {
  if (value === null) return "null";
  if (value instanceof List) return `[${[...value].map(show).join(",")}]`;
  if (value instanceof Optional) return value.value === undefined ? "optional.none" : `optional(${show(value.value)})`;
  if (value instanceof Uint) return `uint:${value.value}`;
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString("hex")}`;
  switch (typeof value) {
    case "string":
      return `string:${JSON.stringify(value)}`;
    case "bigint":
    case "number":
    case "boolean":
      return `${typeNameOf(value)}:${toText(value)}`;
    default:
      return `${typeNameOf(value)}:`;
  }
}
