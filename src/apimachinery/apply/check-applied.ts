import { isFields } from "../fields.ts";
import { compareUtf8, quoteGo } from "../go-format.ts";
import { itemElement } from "./list-items.ts";
import { elementText, fieldElement, type PathElement } from "./path-element.ts";
import { type ListType, type MapType, shapeOf, type Type } from "./type.ts";

/**
 * What makes a value unfit to be applied: fields the schema does not know, values of another type, list items that cannot be
 * told apart. Each is a sentence that begins with the path.
 */
export function appliedFaults(value: unknown, type: Type): readonly string[] {
  switch (shapeOf(type, value)) {
    case "scalar":
      return scalarFaults(value, type);
    case "list":
      if (value === null || type.list === undefined) return none;
      return Array.isArray(value) ? itemFaults(value, type.list) : [`: expected list, got ${shown(value)}`];
    case "map":
      if (value === null || type.map === undefined) return none;
      return isFields(value) ? fieldFaults(value, type.map) : [`: expected map, got ${shown(value)}`];
  }
}

const none: readonly string[] = [];

function scalarFaults(value: unknown, { scalar }: Type): readonly string[] {
  if (value === null) return none;
  switch (scalar) {
    case "numeric":
      return typeof value === "number" || typeof value === "bigint"
        ? none
        : [`: expected numeric (int or float), got ${goType(value)}`];
    case "string":
      return typeof value === "string" ? none : [`: expected string, got ${syntax(value)}`];
    case "boolean":
      return typeof value === "boolean" ? none : [`: expected boolean, got ${shown(value)}`];
    default:
      return typeof value === "object" ? [`: expected any scalar, got ${shown(value)}`] : none;
  }
}

function itemFaults(list: readonly unknown[], type: ListType): readonly string[] {
  const faults: string[] = [];
  const seen = new Set<PathElement>();
  for (const [index, item] of list.entries()) {
    const below = appliedFaults(item, type.items());
    if (type.relation === "atomic") {
      if (below.length > 0) faults.push(...below.map((fault) => `[${index}]${fault}`));
      continue;
    }
    const element = itemElement(type, item);
    if (element === undefined) return [...faults, `: element ${index}: ${missingKeys(item, type)}`];
    if (seen.has(element)) faults.push(`: duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    if (below.length > 0) faults.push(...below.map((fault) => elementText(element) + fault));
  }
  return faults;
}

function missingKeys(item: unknown, { keys }: ListType): string {
  if (keys.length === 0) {
    if (item === null) return "associative list without keys has an element that's an explicit null";
    return Array.isArray(item)
      ? "not supported: associative list with lists as elements"
      : "associative list without keys has an element that's a map type";
  }
  if (item === null) return "associative list with keys may not have a null element";
  if (!isFields(item)) return "associative list with keys may not have non-map elements";
  const names = keys.map(quoteGo).join(" ");
  const why = `omits all key fields [${names}] (and doesn't have default values for any key fields)`;
  return `associative list with keys has an element that ${why}`;
}

function fieldFaults(object: Record<string, unknown>, type: MapType): readonly string[] {
  let faults: readonly string[] = none;
  for (const name in object) {
    const below = type.field(name);
    const inner = below === undefined ? [": field not declared in schema"] : appliedFaults(object[name], below);
    if (inner.length === 0) continue;
    const step = elementText(fieldElement(name));
    faults = [...faults, ...inner.map((fault) => step + fault)];
  }
  return faults;
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "bigint") return "int64";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** How Go prints the wrapper that the value is in: `&{5}`. */
function shown(value: unknown): string {
  return `&{${printed(value)}}`;
}

function printed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printed).join(" ")}]`;
  if (!isFields(value)) return value === null ? "<nil>" : String(value);
  return `map[${sortedFields(value)
    .map(([name, field]) => `${name}:${printed(field)}`)
    .join(" ")}]`;
}

/** The same in the syntax of Go. */
function syntax(value: unknown): string {
  return `&value.valueUnstructured{Value:${literal(value)}}`;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(literal).join(", ")}}`;
  if (typeof value === "string") return quoteGo(value);
  if (!isFields(value)) return value === null ? "interface {}(nil)" : String(value);
  const fields = sortedFields(value).map(([name, field]) => `${quoteGo(name)}:${literal(field)}`);
  return `map[string]interface {}{${fields.join(", ")}}`;
}

function sortedFields(value: Record<string, unknown>): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => compareUtf8(a, b));
}
