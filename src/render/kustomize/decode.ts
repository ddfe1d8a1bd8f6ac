import {
  compareUtf8,
  formatGoFloat,
  isFields,
  type JsonObject,
  parseYaml,
  YamlError,
} from "../../apimachinery/index.ts";
import { KustomizeError } from "./kustomize-error.ts";

/**
 * Where a value stands, for Go's messages: the struct around it and the path to it.
 *
 * @property strict whether fields that a struct has not are errors
 * @property lenient whether numbers and booleans are taken for the texts that they are written as
 */
type Spot = { readonly struct: string; readonly path: string; readonly strict: boolean; readonly lenient: boolean };

/** How Go's JSON decoder reads a type; `goType` is what its messages call it. */
export type Shape<T> = { readonly goType: string; read(value: unknown, spot: Spot): T };

type Fields = Readonly<Record<string, Shape<unknown>>>;
type Decoded<F extends Fields> = { -readonly [K in keyof F]?: F[K] extends Shape<infer T> ? T : never };

function wrongType(value: unknown, { struct, path }: Spot, goType: string): KustomizeError {
  const place = struct === "" ? "Go value" : `Go struct field ${struct}.${path}`;
  return new KustomizeError(`json: cannot unmarshal ${jsonKind(value)} into ${place} of type ${goType}`);
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

export const text: Shape<string> = {
  goType: "string",
  read(value, spot) {
    if (typeof value === "string") return value;
    if (spot.lenient && typeof value === "boolean") return String(value);
    if (spot.lenient && typeof value === "number") return formatGoFloat(value);
    throw wrongType(value, spot, "string");
  },
};

export const flag: Shape<boolean> = {
  goType: "bool",
  read(value, spot) {
    if (typeof value !== "boolean") throw wrongType(value, spot, "bool");
    return value;
  },
};

export function integer(goType: "int" | "int64"): Shape<number> {
  return {
    goType,
    read(value, spot) {
      if (typeof value !== "number") throw wrongType(value, spot, goType);
      if (Number.isInteger(value)) return value;
      const place = `Go struct field ${spot.struct}.${spot.path}`;
      throw new KustomizeError(`json: cannot unmarshal number ${value} into ${place} of type ${goType}`);
    },
  };
}

export const anyFields: Shape<JsonObject> = {
  goType: "map[string]interface {}",
  read(value, spot) {
    if (!isJsonObject(value)) throw wrongType(value, spot, "map[string]interface {}");
    return value;
  },
};

/** What is decoded was parsed, so an object of it is JSON. */
function isJsonObject(value: unknown): value is JsonObject {
  return isFields(value);
}

export function list<T>(item: Shape<T>): Shape<T[]> {
  const goType = `[]${item.goType}`;
  return {
    goType,
    read(value, spot) {
      if (!Array.isArray(value)) throw wrongType(value, spot, goType);
      return value.map((entry: unknown) => item.read(entry ?? zeroOf(item), spot));
    },
  };
}

/** What null stands for in a list. */
function zeroOf(shape: Shape<unknown>): unknown {
  if (shape.goType === "string") return "";
  return shape.goType === "int64" || shape.goType === "int" ? 0 : {};
}

export function mapOf<T>(item: Shape<T>): Shape<Record<string, T>> {
  const goType = `map[string]${item.goType}`;
  return {
    goType,
    read(value, spot) {
      if (!isFields(value)) throw wrongType(value, spot, goType);
      const entries = Object.entries(value).sort(([a], [b]) => compareUtf8(a, b));
      return Object.fromEntries(entries.map(([key, entry]) => [key, item.read(entry ?? zeroOf(item), spot)]));
    },
  };
}

/**
 * A struct whose fields may all be absent. Names are found whatever their case, as Go does.
 *
 * @param name as in Go's messages
 * @param embedded the structs that fields come from, which messages name too
 */
export function struct<F extends Fields>(
  name: string,
  fields: F,
  embedded: { readonly [K in keyof F]?: string } = {},
): Shape<Decoded<F>> {
  const goType = `types.${name}`;
  const byLowerCase = new Map(Object.keys(fields).map((field): [string, string] => [field.toLowerCase(), field]));
  return {
    goType,
    read(value, spot) {
      if (!isFields(value)) throw wrongType(value, spot, goType);
      const decoded: Record<string, unknown> = {};
      for (const [key, entry] of Object.entries(value).sort(([a], [b]) => compareUtf8(a, b))) {
        const field = Object.hasOwn(fields, key) ? key : byLowerCase.get(key.toLowerCase());
        const shape = field === undefined ? undefined : fields[field];
        if (field === undefined || shape === undefined) {
          if (spot.strict) throw new KustomizeError(`json: unknown field ${JSON.stringify(key)}`);
          continue;
        }
        if (entry === null) continue;
        const path = [spot.path, embedded[field], field].filter(Boolean).join(".");
        decoded[field] = shape.read(entry, { ...spot, struct: name, path });
      }
      return asDecoded<F>(decoded);
    },
  };
}

/** Every field was read by its shape. */
function asDecoded<F extends Fields>(value: Record<string, unknown>): Decoded<F> {
  return value as Decoded<F>;
}

/** Reads a value that was parsed from YAML. @throws {KustomizeError} in Go's words */
export function decode<T>(shape: Shape<T>, value: unknown, { strict = false, lenient = false }): T {
  return shape.read(value, { struct: "", path: "", strict, lenient });
}

/**
 * Reads what a plugin or a file is configured with, as sigs.k8s.io/yaml does, which makes texts of what should be some.
 *
 * @throws {KustomizeError}
 */
export function decodeYaml<T>(shape: Shape<T>, yaml: string, { strict = false } = {}): T {
  const value = parseAsGo(yaml, "error converting YAML to JSON: ", strict);
  try {
    return decode(shape, value ?? {}, { strict, lenient: true });
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
    throw new KustomizeError(`error unmarshaling JSON: while decoding JSON: ${error.message}`, { cause: error });
  }
}

/** Parses YAML with go-yaml's words for what is wrong. @throws {KustomizeError} */
export function parseAsGo(yaml: string, prefix = "", strict = false): unknown {
  try {
    return parseYaml(yaml, strict ? { duplicateKeys: "error" } : {});
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new KustomizeError(prefix + error.goText, { cause: error, isMalformed: true });
  }
}
