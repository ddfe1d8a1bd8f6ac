import { badRequest, canonicalQuantity, isFields, isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import { type Field, typeFields } from "./definitions.ts";
import { goFormOf } from "./go-form.ts";
import { goTypeName } from "./go-type-names.ts";
import type { BuiltinResource } from "./resources.ts";
import { fillWritten } from "./zero-values.ts";

/**
 * Reads a built-in object as Kubernetes' decoder does, in place: each field must have its type; quantities, times and
 * base64 get their one form; what is empty is written or left out as Go does it. Fields that the kind does not have stay,
 * for the caller to report and drop.
 *
 * @throws {StatusError} `BadRequest` in Go's words for the first value that does not fit
 */
export function decodeBuiltin(
  resource: Pick<BuiltinResource, "definition" | "kind" | "version">,
  object: KubeObject,
): void {
  const { definition, kind, version } = resource;
  decode(definition.replace(/^io\.k8s\./, ""), object, kind, { kind, version, as: kind });
}

/**
 * The same for the metadata of an object of any kind.
 *
 * @param sent how messages call the object: its kind and version as sent, and the kind it should be of
 * @throws {StatusError} `BadRequest`
 */
export function decodeMetadata(metadata: unknown, sent: { kind: string; version: string; as: string }): void {
  decode("apimachinery.pkg.apis.meta.v1.ObjectMeta", metadata, "ObjectMeta", sent);
}

function decode(
  type: string,
  value: unknown,
  owner: string,
  sent: { kind: string; version: string; as: string },
): void {
  try {
    structDecoder(type)(value, { path: [], owner, named: undefined });
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { kind, version, as } = sent;
    throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${as}: ${error.message}`);
  }
}

/** A value that does not fit; never leaves this file. */
class Misfit extends Error {}

/**
 * Where a value stands: names of fields without indices and keys, the type that the last one is a field of, and what Go calls
 * the type of that field where it has a name of its own.
 */
type Place = { path: string[]; owner: string; named: string | undefined };
/** Gives the value in the form that the server keeps. `undefined` means that the field goes away. */
type Decoder = (value: unknown, place: Place) => unknown;

type FieldDecoder = { decode: Decoder; dropsEmpty(value: unknown): boolean; named: string | undefined };

const structs = new Map<string, Decoder>();

function structDecoder(name: string): Decoder {
  const known = structs.get(name);
  if (known !== undefined) return known;
  const owner = name.slice(name.lastIndexOf(".") + 1);
  const goType = name.split(".").slice(-2).join(".");
  const fields = new Map<string, FieldDecoder>();
  const decoder: Decoder = (value, place) => {
    if (!isFields(value)) throw mismatch(value, goType, place);
    const { owner: outer } = place;
    for (const field of Object.keys(value)) {
      const known = fields.get(field);
      if (known === undefined) continue;
      const current = value[field];
      if (current === null) {
        delete value[field];
        continue;
      }
      place.owner = owner;
      place.named = known.named;
      place.path.push(field);
      const decoded = known.decode(current, place);
      if (known.dropsEmpty(decoded)) delete value[field];
      else if (decoded !== current) value[field] = decoded;
      place.path.pop();
    }
    fillWritten(name, value);
    place.owner = outer;
    return value;
  };
  // Known before its fields are: JSONSchemaProps contains itself.
  structs.set(name, decoder);
  for (const field of typeFields(name)) {
    const { dropsEmpty } = goFormOf(name, field);
    fields.set(field.name, { decode: typeDecoder(field.type), dropsEmpty, named: goTypeName(name, field.name) });
  }
  return decoder;
}

function typeDecoder(type: Field["type"]): Decoder {
  if (type.startsWith("[]")) return listDecoder(type.slice(2));
  if (type.startsWith("{}")) return mapDecoder(type.slice(2));
  return scalars[type] ?? ((value, place) => structDecoder(type)(value, place));
}

function listDecoder(type: string): Decoder {
  const decode = typeDecoder(type);
  return (value, place) => {
    if (!Array.isArray(value)) throw mismatch(value, `[]${goTypeOf(type)}`, place);
    for (let index = 0; index < value.length; index++) value[index] = decode(value[index] ?? zeroOf(type), place);
    return value;
  };
}

function mapDecoder(type: string): Decoder {
  const decode = typeDecoder(type);
  return (value, place) => {
    if (!isFields(value)) throw mismatch(value, `map[string]${goTypeOf(type)}`, place);
    for (const key of Object.keys(value)) {
      const current = value[key];
      const decoded = decode(current ?? zeroOf(type), place);
      if (decoded !== current) value[key] = decoded;
    }
    return value;
  };
}

const scalars: Record<string, Decoder> = {
  any: (value) => value,
  bool: (value, place) => (typeof value === "boolean" ? value : refuse(value, "bool", place)),
  bytes: decodeBase64,
  double: (value, place) => (typeof value === "number" ? value : refuse(value, "float64", place)),
  fields: (value) => value,
  int32: (value, place) => decodeInteger(value, "int32", 2 ** 31, place),
  int64: (value, place) => decodeInteger(value, "int64", 2 ** 63, place),
  "int-or-string": (value, place) =>
    typeof value === "string" ? value : decodeInteger(value, "int32", 2 ** 31, { ...place, named: undefined }),
  microtime: (value, place) => decodeTime(value, "2006-01-02T15:04:05.000000Z07:00", 6, place),
  quantity: decodeQuantity,
  raw: (value) => value,
  string: (value, place) => (typeof value === "string" ? value : refuse(value, "string", place)),
  time: (value, place) => decodeTime(value, "2006-01-02T15:04:05Z07:00", 0, place),
};

function decodeInteger(value: unknown, goType: string, limit: number, place: Place): number | bigint {
  if (typeof value === "bigint" && goType === "int64") return value;
  if (typeof value === "bigint") throw mismatch(value, goType, place, `number ${value}`);
  if (typeof value !== "number") throw mismatch(value, goType, place);
  if (!Number.isInteger(value) || value >= limit || value < -limit)
    throw mismatch(value, goType, place, `number ${value}`);
  return value;
}

function decodeQuantity(value: unknown): string {
  try {
    return canonicalQuantity(typeof value === "string" || typeof value === "number" ? String(value).trim() : "");
  } catch (error) {
    throw isStatusError(error) ? new Misfit(error.message) : error;
  }
}

function decodeBase64(value: unknown, place: Place): string {
  if (typeof value !== "string") throw mismatch(value, "[]uint8", place);
  const text = value.replace(/[\r\n]/g, "");
  const wrong = text.search(/[^A-Za-z0-9+/]/);
  const body = wrong < 0 ? text : text.slice(0, wrong);
  const padding = wrong < 0 ? "" : text.slice(wrong);
  const wanted = ["", undefined, "==", "="][body.length % 4];
  if (wanted === undefined || padding !== wanted) {
    const at = wrong < 0 || padding.startsWith("=") ? text.length - (text.length % 4) : wrong;
    throw new Misfit(`illegal base64 data at input byte ${at}`);
  }
  return text;
}

/** @param digits of the fraction of a second that are kept */
function decodeTime(value: unknown, layout: string, digits: number, place: Place): string {
  if (typeof value !== "string") throw mismatch(value, "string", place);
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(value);
  const milliseconds = parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[3]}`);
  if (parts === null || Number.isNaN(milliseconds)) {
    throw new Misfit(
      `parsing time ${JSON.stringify(value)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(value)} as "2006"`,
    );
  }
  const seconds = new Date(milliseconds).toISOString().slice(0, 19);
  return digits === 0
    ? `${seconds}Z`
    : `${seconds}.${(parts[2] ?? ".").slice(1).padEnd(digits, "0").slice(0, digits)}Z`;
}

function zeroOf(type: string): unknown {
  if (type === "string" || type === "bytes") return "";
  if (type === "bool") return false;
  if (type === "quantity" || type === "int32" || type === "int64" || type === "double") return 0;
  return type.startsWith("[]") ? [] : type === "any" || type === "time" || type === "microtime" ? undefined : {};
}

function goTypeOf(type: string): string {
  if (type.startsWith("[]")) return `[]${goTypeOf(type.slice(2))}`;
  if (type === "bytes") return "[]uint8";
  if (type === "quantity") return "resource.Quantity";
  return type.includes(".") ? type.split(".").slice(-2).join(".") : type;
}

function refuse(value: unknown, goType: string, place: Place): never {
  throw mismatch(value, goType, place);
}

function mismatch(value: unknown, goType: string, place: Place, described = describe(value)): Misfit {
  const { path, owner } = place;
  const target = path.length === 0 ? "value" : `struct field ${owner}.${path.join(".")}`;
  return new Misfit(`json: cannot unmarshal ${described} into Go ${target} of type ${nameOf(goType, place)}`);
}

/** The name of a field's type goes for the field as a whole, that of its items for one of them. */
function nameOf(goType: string, { named }: Place): string {
  if (named === undefined || (goType.includes(".") && !isCollection(goType))) return goType;
  return isCollection(goType) ? named : named.replace(/^(\[\]|map\[[\w.]+\])/, "");
}

function isCollection(goType: string): boolean {
  return goType.startsWith("[]") || goType.startsWith("map[");
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (isFields(value)) return "object";
  return typeof value === "boolean" ? "bool" : typeof value;
}
