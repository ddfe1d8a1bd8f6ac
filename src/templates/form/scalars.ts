import type { JsonObject } from "../../apimachinery/index.ts";
import type { SchemaDialect } from "../definition.ts";
import type { Conditions } from "./conditions.ts";
import { numberKeywords, patternDialect, tightened } from "./constraint.ts";
import type { Conversion, Task } from "./conversion.ts";
import { integerRange, quantityPattern, textFormat } from "./formats.ts";
import { translatePattern } from "./pattern.ts";

/**
 * Fills in a text, number or boolean.
 *
 * @returns an example for the empty field
 */
export function addScalar(
  type: string,
  schema: JsonObject,
  nullable: boolean,
  { out, at, name }: Task,
  conversion: Conversion,
  conditions: Conditions,
): string | undefined {
  out["type"] = nullable ? [type, "null"] : type;
  if (type === "integer" || type === "number") {
    Object.assign(out, numberKeywords(schema));
    const range = typeof schema["format"] === "string" ? integerRange(schema["format"]) : undefined;
    if (range !== undefined) Object.assign(out, tightened(out, range));
    return undefined;
  }
  if (type !== "string") return undefined;
  const { dialect } = conversion.reading;
  for (const keyword of ["minLength", "maxLength"]) {
    const limit = schema[keyword];
    if (typeof limit === "number" && Number.isInteger(limit) && limit >= 0) out[keyword] = limit;
  }
  const format = typeof schema["format"] === "string" ? textFormat(schema["format"], dialect) : undefined;
  Object.assign(out, format?.keywords);
  const { pattern } = schema;
  if (typeof pattern === "string" && pattern !== "") addPattern(pattern, out, at, conversion, conditions);
  if (quantity(schema, dialect)) return "500m";
  if (
    out["pattern"] === undefined &&
    out["format"] === undefined &&
    dialect === "kubernetes" &&
    /duration$|timeout$/i.test(name)
  ) {
    return undefined;
  }
  return typeof format?.example === "string" ? format.example : undefined;
}

function addPattern(
  pattern: string,
  out: JsonObject,
  at: string,
  { reading, note }: Conversion,
  conditions: Conditions,
): void {
  try {
    const translated = translatePattern(pattern, patternDialect(reading.dialect));
    // A format that is told as a pattern must hold as well.
    if (out["pattern"] !== undefined) conditions.also.push({ pattern: out["pattern"] });
    out["pattern"] = translated;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    note(at, `The pattern ${pattern} is left out, for the portal cannot check it (${why})`);
  }
}

/** The patterns that controller-gen and others write for `resource.Quantity`. */
const quantityPatterns = new Set([
  quantityPattern,
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
  "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$",
]);

export function quantity(schema: JsonObject, dialect: SchemaDialect): boolean {
  const { format, pattern } = schema;
  return (
    (format === "quantity" && dialect !== "json-schema") ||
    (typeof pattern === "string" && quantityPatterns.has(pattern))
  );
}
