/** What `reflect.Kind` says of the types that occur in templates. */
export type Kind =
  | "invalid"
  | "bool"
  | "int"
  | "int32"
  | "int64"
  | "uint8"
  | "uint32"
  | "uint64"
  | "float64"
  | "string"
  | "map"
  | "slice"
  | "struct"
  | "ptr"
  | "interface";

/**
 * A type of Go.
 *
 * @property name as `%T` prints it
 * @property element of maps and slices
 * @property base of a named type the type literal that it is defined by
 */
export type GoType = {
  readonly name: string;
  readonly kind: Kind;
  readonly element?: GoType;
  readonly base?: GoType;
};

const basic = (kind: Kind): GoType => ({ name: kind, kind });

export const boolType = basic("bool");
export const stringType = basic("string");
export const intType = basic("int");
export const int32Type = basic("int32");
export const int64Type = basic("int64");
export const uint8Type = basic("uint8");
export const uint32Type = basic("uint32");
export const uint64Type = basic("uint64");
export const floatType = basic("float64");
export const anyType: GoType = { name: "interface {}", kind: "interface" };
export const mapType: GoType = { name: "map[string]interface {}", kind: "map", element: anyType };
export const stringMapType: GoType = { name: "map[string]string", kind: "map", element: stringType };
export const listType: GoType = { name: "[]interface {}", kind: "slice", element: anyType };
export const stringsType: GoType = { name: "[]string", kind: "slice", element: stringType };
export const intsType: GoType = { name: "[]int", kind: "slice", element: intType };
export const listsType: GoType = { name: "[][]interface {}", kind: "slice", element: listType };
export const bytesType: GoType = { name: "[]uint8", kind: "slice", element: uint8Type };
/** What `.Values` is in Helm 4. */
export const valuesType: GoType = {
  name: "common.Values",
  kind: "map",
  element: anyType,
  base: mapType,
};

/** Whether a variable of one type takes a value of the other without conversion. */
export function isAssignable(from: GoType, to: GoType): boolean {
  if (from === to || to.kind === "interface") return true;
  if (from.base !== undefined && to.base !== undefined) return false;
  return (from.base ?? from) === (to.base ?? to);
}

/** Whether `nil` is a value of the type. */
export function isNillable({ kind }: GoType): boolean {
  return kind === "map" || kind === "slice" || kind === "ptr" || kind === "interface";
}

/** Integers without a sign; the others wrap around below zero. */
export function isUnsigned(type: GoType): boolean {
  return type.kind.startsWith("uint");
}
