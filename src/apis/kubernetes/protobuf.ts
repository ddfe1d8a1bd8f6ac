import { readFileSync } from "node:fs";
import { parseExactJson, StatusError } from "../../apimachinery/index.ts";
import { type FieldReader, readFields } from "./protobuf-wire.ts";

/** What every body begins with, before a `runtime.Unknown` message. */
const magic = Buffer.from("k8s\0");
/** Objects nest some 30 levels; what is deeper is no object. */
const depthMax = 100;

/** How one field of a message becomes JSON. */
type Field = {
  name: string;
  /** The fields of this message stand in the parent's JSON. */
  inline: boolean;
  /** Go writes this field to JSON also when it is empty: it is a pointer, or lacks `omitempty`. */
  keepEmpty: boolean;
  many: "one" | "list" | "map";
  type: string;
};
type Message = ReadonlyMap<number, Field>;

/** Proto packages by API group; the others are `api.<first label of the group>`. */
const packages: Record<string, string> = {
  "": "api.core",
  "apiextensions.k8s.io": "apiextensions-apiserver.pkg.apis.apiextensions",
  "apiregistration.k8s.io": "kube-aggregator.pkg.apis.apiregistration",
  "meta.k8s.io": "apimachinery.pkg.apis.meta",
};
const metaPackage = "apimachinery.pkg.apis.meta.v1";
/** Kinds that clients send under the group of what they act on. */
const metaKinds = new Set(["DeleteOptions", "CreateOptions", "UpdateOptions", "PatchOptions", "Status"]);

/**
 * The object in a body of type `application/vnd.kubernetes.protobuf`, as its JSON would be.
 *
 * @throws {StatusError} `BadRequest` when the bytes are no such body, `UnsupportedMediaType` for kinds without a table:
 *   custom resources have no protobuf form
 */
export function decodeProtobuf(bytes: Uint8Array): unknown {
  if (bytes.byteLength < magic.byteLength || !magic.equals(bytes.subarray(0, magic.byteLength))) {
    throw new StatusError(
      "BadRequest",
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    );
  }
  try {
    let apiVersion = "";
    let kind = "";
    let raw: Uint8Array = new Uint8Array();
    readFields(bytes.subarray(magic.byteLength), (number, value) => {
      if (number === 2) raw = value.bytes();
      if (number !== 1) return;
      readFields(value.bytes(), (part, text) => {
        if (part === 1) apiVersion = text.text();
        if (part === 2) kind = text.text();
      });
    });
    return { kind, apiVersion, ...objectFrom(raw, messageFor(apiVersion, kind), 0) };
  } catch (error) {
    if (error instanceof RangeError)
      throw new StatusError("BadRequest", `Cannot decode protobuf body: ${error.message}`);
    throw error;
  }
}

/**
 * Whether a field is a struct that each value of its type has, because it is no pointer in Go.
 *
 * @param type such as `api.apps.v1.Deployment`
 */
export function isAlwaysThere(type: string, field: string): boolean {
  const found = fieldOf(type, field);
  return found !== undefined && found.many === "one" && !found.keepEmpty && table()[found.type] !== undefined;
}

/** Whether a field without value stays in JSON: it is a pointer in Go, or lacks `omitempty`. */
export function keepsEmpty(type: string, field: string): boolean {
  return fieldOf(type, field)?.keepEmpty ?? false;
}

function fieldOf(type: string, name: string): Field | undefined {
  if (table()[type] === undefined) return undefined;
  for (const field of messageOf(type).values()) {
    if (field.name === name) return field;
    const inner = field.inline ? fieldOf(field.type, name) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function messageFor(apiVersion: string, kind: string): string {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const prefix = packages[group ?? ""] ?? `api.${(group ?? "").split(".")[0]}`;
  const name = `${prefix}.${version}.${kind}`;
  if (table()[name] !== undefined) return name;
  if (metaKinds.has(kind)) return `${metaPackage}.${kind}`;
  throw new StatusError(
    "UnsupportedMediaType",
    `no protobuf form is known of kind ${kind} in ${apiVersion}: send it as application/json`,
  );
}

const table = once(
  (): Record<string, string> => JSON.parse(readFileSync(new URL("./protobuf.generated.json", import.meta.url), "utf8")),
);
const messages = new Map<string, Message>();

/** The table has one line a message: `1 name type; 2 ^ type`, `[]` and `{}` for lists and maps, `!` for `keepEmpty`. */
function messageOf(name: string): Message {
  const known = messages.get(name);
  if (known !== undefined) return known;
  const line = table()[name];
  if (line === undefined) throw new Error(`There is no protobuf message ${name}`);
  const prefix = name.slice(0, name.lastIndexOf("."));
  const message = new Map(
    line
      .split("; ")
      .filter((entry) => entry !== "")
      .map((entry) => {
        const [number = "", label = "", shape = ""] = entry.split(" ");
        const type = shape.replace(/^(\[\]|\{\})/, "");
        const field: Field = {
          name: label.replace("!", ""),
          inline: label === "^",
          keepEmpty: label.endsWith("!"),
          many: shape.startsWith("[]") ? "list" : shape.startsWith("{}") ? "map" : "one",
          type: type.startsWith(".") ? prefix + type : type,
        };
        return [Number(number), field] as const;
      }),
  );
  messages.set(name, message);
  return message;
}

function objectFrom(bytes: Uint8Array, name: string, depth: number): Record<string, unknown> {
  if (depth > depthMax) throw new RangeError("it is nested too deeply");
  const message = messageOf(name);
  const object: Record<string, unknown> = {};
  readFields(bytes, (number, value) => {
    const field = message.get(number);
    if (field === undefined) return;
    if (field.many === "map") {
      const [key, item] = mapEntry(value.bytes(), field.type, depth);
      object[field.name] = { ...asObject(object[field.name]), [key]: item };
      return;
    }
    if (field.many === "list") {
      const items =
        value.packed() && packable.has(field.type)
          ? value.packedItems().map((item) => scalars.get(field.type)?.(item))
          : [valueFrom(value, field.type, depth)];
      object[field.name] = [...asArray(object[field.name]), ...items];
      return;
    }
    const decoded = valueFrom(value, field.type, depth);
    if (field.inline) Object.assign(object, decoded);
    else if (field.keepEmpty || !isEmpty(decoded)) object[field.name] = decoded;
  });
  return object;
}

function mapEntry(bytes: Uint8Array, type: string, depth: number): [string, unknown] {
  let key = "";
  let item: unknown = type === "string" || type === "bytes" ? "" : undefined;
  readFields(bytes, (number, value) => {
    if (number === 1) key = value.text();
    if (number === 2) item = valueFrom(value, type, depth);
  });
  return [key, item];
}

function valueFrom(value: FieldReader, type: string, depth: number): unknown {
  const scalar = scalars.get(type);
  if (scalar !== undefined) return scalar(value);
  const special = specials.get(type);
  if (special !== undefined) return special(value.bytes(), depth + 1);
  // Go's named list of strings is a message here and a plain array in JSON.
  if (type.endsWith(".ExtraValue")) return asArray(objectFrom(value.bytes(), type, depth + 1)["items"]);
  return objectFrom(value.bytes(), type, depth + 1);
}

const scalars = new Map<string, (value: FieldReader) => unknown>([
  ["string", (value) => value.text()],
  ["bytes", (value) => Buffer.from(value.bytes()).toString("base64")],
  ["bool", (value) => value.integer() !== 0],
  ["int32", (value) => value.integer()],
  ["int64", (value) => value.integer()],
  ["uint32", (value) => value.integer()],
  ["double", (value) => value.double()],
]);

/** Lists of these may come as one run of bytes. */
const packable = new Set(["bool", "int32", "int64", "uint32"]);

const jsonSchema = "apiextensions-apiserver.pkg.apis.apiextensions.v1";

/** Types whose JSON is not an object of their fields. */
const specials = new Map<string, (bytes: Uint8Array, depth: number) => unknown>([
  [`${metaPackage}.Time`, (bytes) => timeFrom(bytes, 0)],
  [`${metaPackage}.MicroTime`, (bytes) => timeFrom(bytes, 6)],
  [`${metaPackage}.Duration`, durationFrom],
  [`${metaPackage}.FieldsV1`, rawJson],
  ["apimachinery.pkg.runtime.RawExtension", rawJson],
  ["apimachinery.pkg.util.intstr.IntOrString", intOrString],
  ["apimachinery.pkg.api.resource.Quantity", (bytes) => onlyText(bytes, 1)],
  [`${jsonSchema}.JSON`, rawJson],
  [
    `${jsonSchema}.JSONSchemaPropsOrArray`,
    (bytes, depth) =>
      either(bytes, {
        1: (value) => objectFrom(value.bytes(), `${jsonSchema}.JSONSchemaProps`, depth),
        2: (value, before) => [...asArray(before), objectFrom(value.bytes(), `${jsonSchema}.JSONSchemaProps`, depth)],
      }),
  ],
  [
    `${jsonSchema}.JSONSchemaPropsOrBool`,
    (bytes, depth) =>
      either(bytes, {
        1: (value) => value.integer() !== 0,
        2: (value) => objectFrom(value.bytes(), `${jsonSchema}.JSONSchemaProps`, depth),
      }),
  ],
  [
    `${jsonSchema}.JSONSchemaPropsOrStringArray`,
    (bytes, depth) =>
      either(bytes, {
        1: (value) => objectFrom(value.bytes(), `${jsonSchema}.JSONSchemaProps`, depth),
        2: (value, before) => [...asArray(before), value.text()],
      }),
  ],
]);

/** The value of whichever field is there; the later one wins, as a schema does over the `true` beside it. */
function either(bytes: Uint8Array, fields: Record<number, (value: FieldReader, before: unknown) => unknown>): unknown {
  let result: unknown;
  readFields(bytes, (number, value) => {
    result = fields[number]?.(value, result) ?? result;
  });
  return result;
}

/** @param digits of the fraction; 0 leaves it out. Go's zero time is an empty message, and JSON's is `null` */
function timeFrom(bytes: Uint8Array, digits: number): string | null {
  let seconds = 0;
  let nanos = 0;
  if (bytes.byteLength === 0) return null;
  readFields(bytes, (number, value) => {
    if (number === 1) seconds = value.integer();
    if (number === 2) nanos = value.integer();
  });
  const whole = new Date(seconds * 1000);
  if (Number.isNaN(whole.getTime())) throw new RangeError("a time is out of range");
  const text = whole.toISOString().slice(0, 19);
  return digits === 0 ? `${text}Z` : `${text}.${String(nanos).padStart(9, "0").slice(0, digits)}Z`;
}

/** Go's `time.Duration.String`, for whole seconds and below: `1h2m3s`, `1.5s`, `0s`. */
function durationFrom(bytes: Uint8Array): string {
  let nanos = 0;
  readFields(bytes, (number, value) => {
    if (number === 1) nanos = value.integer();
  });
  const seconds = nanos / 1e9;
  if (seconds < 60) return `${seconds}s`;
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}h` : ""}${Math.floor((seconds % 3600) / 60)}m${seconds % 60}s`;
}

function intOrString(bytes: Uint8Array): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  readFields(bytes, (field, value) => {
    if (field === 1) isText = value.integer() === 1;
    if (field === 2) number = value.integer();
    if (field === 3) text = value.text();
  });
  return isText ? text : number;
}

function rawJson(bytes: Uint8Array): unknown {
  const text = onlyText(bytes, 1);
  if (text === "") return undefined;
  try {
    return parseExactJson(text);
  } catch {
    throw new RangeError("a part that must be JSON is not");
  }
}

function onlyText(bytes: Uint8Array, field: number): string {
  let text = "";
  readFields(bytes, (number, value) => {
    if (number === field) text = value.text();
  });
  return text;
}

/** What Go's `omitempty` leaves out. Empty structs are left out too: to the server they say the same as none. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0;
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
