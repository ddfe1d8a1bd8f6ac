import type { JsonValue } from "../../../apimachinery/index.ts";
import { constantOf } from "./constant.ts";
import type { Expression } from "./expression.ts";

/** A type constraint of Terraform. */
export type Type =
  | { kind: "string" | "number" | "bool" | "any" }
  | { kind: "list" | "set"; of: Type }
  | { kind: "map"; of: Type }
  | { kind: "tuple"; of: Type[] }
  | { kind: "object"; attributes: ReadonlyMap<string, Attribute> };

/** An attribute of an object type. `fallback` is the value that Terraform sets where an optional one is left out. */
export type Attribute = { type: Type; optional: boolean; fallback?: JsonValue };

/** Told what a type expression holds that is no type, as a sentence without a full stop. */
export type Tell = (message: string) => void;

export const anything: Type = { kind: "any" };

const primitives = ["string", "number", "bool", "any"] as const;
const collections = ["list", "set", "map"] as const;

/**
 * Reads a type expression. What is no type of Terraform becomes `any`, and is told.
 */
export function readType(expression: Expression, tell: Tell): Type {
  if (expression.kind === "reference") return keywordType(expression.name, tell);
  if (expression.kind === "call") return constructedType(expression.name, expression.of, tell);
  tell("its type is no type expression, so that any value is taken");
  return anything;
}

function keywordType(name: string, tell: Tell): Type {
  const kind = primitives.find((known) => known === name);
  if (kind) return { kind };
  const collection = collections.find((known) => known === name);
  // Terraform takes `list` and `map` as lists and maps of anything, and nothing else without an argument.
  if (collection === "set")
    tell("its type is set without the type of its elements, so that elements of any type are taken");
  if (collection) return { kind: collection, of: anything };
  tell(`its type ${name} is unknown, so that any value is taken`);
  return anything;
}

function constructedType(name: string, args: Expression[], tell: Tell): Type {
  const [argument, ...more] = args;
  const collection = collections.find((known) => known === name);
  if (!argument || (more.length > 0 && name !== "optional")) {
    tell(`its type ${name}(...) needs one argument, so that any value is taken`);
    return anything;
  }
  if (collection) return { kind: collection, of: readType(argument, tell) };
  if (name === "tuple" && argument.kind === "list") {
    return { kind: "tuple", of: argument.items.map((item) => readType(item, tell)) };
  }
  if (name === "object" && argument.kind === "object") return objectType(argument.entries, tell);
  tell(
    name === "optional"
      ? "its type has optional(...) outside of an object, so that any value is taken"
      : `its type ${name}(...) is unknown, so that any value is taken`,
  );
  return anything;
}

function objectType(entries: { key: Expression; value: Expression }[], tell: Tell): Type {
  const attributes = new Map<string, Attribute>();
  for (const { key, value } of entries) {
    const name = constantOf(key);
    if (typeof name !== "string") {
      tell("its type has an attribute whose name is no constant, which is left out");
      continue;
    }
    attributes.set(name, attributeOf(name, value, tell));
  }
  return { kind: "object", attributes };
}

function attributeOf(name: string, value: Expression, tell: Tell): Attribute {
  if (value.kind !== "call" || value.name !== "optional") return { type: readType(value, tell), optional: false };
  const [type, fallback] = value.of;
  if (!type) {
    tell(`its type has optional() without a type for ${name}, so that any value is taken`);
    return { type: anything, optional: true };
  }
  const attribute: Attribute = { type: readType(type, tell), optional: true };
  if (!fallback) return attribute;
  const constant = constantOf(fallback);
  if (constant === undefined) tell(`the default of its attribute ${name} is no constant, and is left out`);
  return { ...attribute, fallback: constant };
}

/** The type as Terraform writes it, without what a tuple or an object is made of. */
export function typeName(type: Type): string {
  return "of" in type && !Array.isArray(type.of) ? `${type.kind}(${typeName(type.of)})` : type.kind;
}

/**
 * The type that a value has by itself, for variables that declare none.
 *
 * @returns `any` where the value tells nothing: null, and elements of empty lists and objects
 */
export function typeOfValue(value: JsonValue): Type {
  if (typeof value === "string") return { kind: "string" };
  if (typeof value === "number") return { kind: "number" };
  if (typeof value === "boolean") return { kind: "bool" };
  if (Array.isArray(value)) return { kind: "list", of: commonType(value) };
  return value === null ? anything : { kind: "map", of: commonType(Object.values(value)) };
}

/** Only what holds for each of them: a list that has mere strings now may take others later, but nobody expects it. */
function commonType(values: JsonValue[]): Type {
  const kinds = new Set(values.map((value) => (typeof value === "object" ? "" : typeof value)));
  const [first] = values;
  return kinds.size === 1 && !kinds.has("") && first !== undefined ? typeOfValue(first) : anything;
}
