/** What a type is in general; `param` stands for a type not known yet, `error` for what failed to check. */
export type Kind =
  | "any"
  | "bool"
  | "bytes"
  | "double"
  | "duration"
  | "dyn"
  | "error"
  | "int"
  | "list"
  | "map"
  | "null"
  | "object"
  | "opaque"
  | "param"
  | "string"
  | "timestamp"
  | "type"
  | "uint";

/**
 * A type of the expression language. `name` is what the language calls it at run time, without parameters; objects carry
 * the types of their fields, those that functions only know by name carry none.
 */
export type Type = {
  readonly kind: Kind;
  readonly name: string;
  readonly parameters: readonly Type[];
  readonly fields?: ReadonlyMap<string, Type>;
};

function simple(kind: Kind, name: string = kind): Type {
  return { kind, name, parameters: [] };
}

export const dynType = simple("dyn");
export const errorType = simple("error", "!error!");
export const nullType = simple("null", "null_type");
export const boolType = simple("bool");
export const intType = simple("int");
export const uintType = simple("uint");
export const doubleType = simple("double");
export const stringType = simple("string");
export const bytesType = simple("bytes");
export const durationType = simple("duration", "google.protobuf.Duration");
export const timestampType = simple("timestamp", "google.protobuf.Timestamp");
export const typeType = simple("type");

export function listOf(items: Type): Type {
  return { kind: "list", name: "list", parameters: [items] };
}

export function mapOf(keys: Type, values: Type): Type {
  return { kind: "map", name: "map", parameters: [keys, values] };
}

export function optionalOf(value: Type): Type {
  return { kind: "opaque", name: "optional_type", parameters: [value] };
}

export function typeOf(type: Type): Type {
  return { kind: "type", name: "type", parameters: [type] };
}

/** A type that only functions know how to use. */
export function opaqueType(name: string, ...parameters: Type[]): Type {
  return { kind: "opaque", name, parameters };
}

/** @param fields types by the names that expressions use; absent for a type that only functions know how to use */
export function objectType(name: string, fields?: ReadonlyMap<string, Type>): Type {
  return { kind: "object", name, parameters: [], fields };
}

/** A type variable of a function's signature. */
export function typeParameter(name: string): Type {
  return { kind: "param", name, parameters: [] };
}

/** The value type of an optional, or the type itself. */
export function unwrapOptional(type: Type): { type: Type; optional: boolean } {
  const [value] = type.parameters;
  if (type.kind === "opaque" && type.name === "optional_type" && value !== undefined) {
    return { type: value, optional: true };
  }
  return { type, optional: false };
}

/** Whether two types are the same; type variables count as the same unless `byName`. */
export function sameType(a: Type, b: Type, byName = true): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.parameters.length !== b.parameters.length) return false;
  if ((byName || a.kind !== "param") && a.name !== b.name) return false;
  return a.parameters.every((parameter, index) => sameType(parameter, b.parameters[index] ?? errorType, byName));
}

/** A type as error messages show it. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case "duration":
    case "timestamp":
    case "null":
    case "any":
      return type.kind;
    default:
      return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(formatType).join(", ")})`;
  }
}

/** A type by its name at run time, which is how Kubernetes' own messages show it. */
export function nameOfType({ name, parameters }: Type): string {
  return parameters.length === 0 ? name : `${name}(${parameters.map(nameOfType).join(", ")})`;
}

/** Argument types as error messages show them: `list(int).(int, string)` for a method. */
export function formatSignature(argumentTypes: readonly Type[], isMember: boolean): string {
  const [target, ...rest] = argumentTypes;
  if (!isMember || target === undefined) return `(${argumentTypes.map(formatType).join(", ")})`;
  return `${formatType(target)}.(${rest.map(formatType).join(", ")})`;
}
