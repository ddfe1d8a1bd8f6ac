import { formatGoExponent, isFields } from "../../apimachinery/index.ts";
import { GoError } from "../template/go-error.ts";
import { sortKeys } from "../template/sort-keys.ts";
import type { Value } from "../template/values.ts";

/**
 * What a Go program decodes into.
 *
 * @property name as Go's errors call the type; of a field that is a pointer or holds pointers without the `*`
 */
export type Shape =
  | { readonly kind: "string" | "bool" | "any" | "time"; readonly name: string }
  | { readonly kind: "list" | "map"; readonly name: string; readonly of: Shape }
  | { readonly kind: "struct"; readonly name: string; readonly fields: Readonly<Record<string, Shape>> };

export const stringShape: Shape = { kind: "string", name: "string" };
export const boolShape: Shape = { kind: "bool", name: "bool" };
export const anyShape: Shape = { kind: "any", name: "interface {}" };
export const timeShape: Shape = { kind: "time", name: "time.Time" };

export function listShape(of: Shape, name = `[]${of.name}`): Shape {
  return { kind: "list", name, of };
}

export function mapShape(of: Shape): Shape {
  return { kind: "map", name: `map[string]${of.name}`, of };
}

/** @param name with its package, as in `v2.Metadata`, or the whole type of an anonymous struct */
export function structShape(name: string, fields: Readonly<Record<string, Shape>>): Shape {
  return { kind: "struct", name, fields };
}

/** An object that was decoded; what JSON lacks or has as `null` is absent. */
export type Decoded = { readonly [field: string]: unknown };

/**
 * Decodes YAML that was read as JSON into a struct, as sigs.k8s.io/yaml does: fields match whatever the case of their
 * letters, the last one counts; numbers and booleans become text where text is wanted; unknown fields are passed over.
 *
 * @returns `undefined` for `null`
 * @throws {GoError} for the first value of a wrong type, in the words of `encoding/json`
 */
export function decodeStruct(value: unknown, shape: Shape): Decoded | undefined {
  const decoder = new Decoder();
  const decoded = decoder.decode(value, shape, { struct: "", path: [] });
  if (decoder.problem !== undefined) throw new GoError(decoder.problem);
  return isFields(decoded) ? decoded : undefined;
}

/** Where a value stands: the struct that it is a field of, and the names of the fields from the outermost one. */
type Place = { readonly struct: string; readonly path: readonly string[] };

/** Goes on after the first problem, as `encoding/json` does, since only the first one is told. */
class Decoder {
  problem: string | undefined;

  decode(value: unknown, shape: Shape, place: Place): unknown {
    if (value === null || value === undefined) return undefined;
    switch (shape.kind) {
      case "any":
        return value;
      case "bool":
        return typeof value === "boolean" ? value : this.#refuse(value, shape, place);
      case "time":
      case "string":
        if (typeof value === "string") return value;
        if (shape.kind === "string" && typeof value !== "object") return textOf(value);
        return this.#refuse(value, shape, place);
      case "list":
        if (!Array.isArray(value)) return this.#refuse(value, shape, place);
        return value.map((item) => this.decode(item, shape.of, place) ?? zeroOf(shape.of));
      case "map": {
        if (!isFields(value)) return this.#refuse(value, shape, place);
        const keys = sortKeys(Object.keys(value));
        const entries = keys.map((key): [string, unknown] => {
          return [key, this.decode(value[key], shape.of, place) ?? zeroOf(shape.of)];
        });
        return Object.fromEntries(entries);
      }
      case "struct":
        return isFields(value) ? this.#fields(value, shape, place) : this.#refuse(value, shape, place);
    }
  }

  #fields(value: { [key: string]: unknown }, shape: Shape & { kind: "struct" }, place: Place): Decoded {
    const decoded: { [field: string]: unknown } = {};
    for (const key of sortKeys(Object.keys(value))) {
      const name = fieldNamed(shape.fields, key);
      const field = name === undefined ? undefined : shape.fields[name];
      if (name === undefined || field === undefined) continue;
      // The type of an anonymous struct is written out, but it has no name of its own.
      const struct = shape.name.includes(" ") ? "" : shape.name.slice(shape.name.lastIndexOf(".") + 1);
      const found = this.decode(value[key], field, { struct, path: [...place.path, name] });
      if (found !== undefined) decoded[name] = found;
    }
    return decoded;
  }

  #refuse(value: unknown, { name }: Shape, { struct, path }: Place): undefined {
    const where = path.length === 0 ? "Go value" : `Go struct field ${struct}.${path.join(".")}`;
    this.problem ??= `json: cannot unmarshal ${kindOf(value)} into ${where} of type ${name}`;
  }
}

function fieldNamed(fields: Readonly<Record<string, Shape>>, key: string): string | undefined {
  if (Object.hasOwn(fields, key)) return key;
  const lower = key.toLowerCase();
  return Object.keys(fields).find((name) => name.toLowerCase() === lower);
}

function zeroOf({ kind }: Shape): Value {
  return kind === "string" ? "" : kind === "bool" ? false : null;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" ? "number" : typeof value;
}

function textOf(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? formatGoExponent(value) : String(value);
}
