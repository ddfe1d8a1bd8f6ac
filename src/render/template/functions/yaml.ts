import { type ExactValue, type JsonValue, parseYaml, stringifyYaml, YamlError } from "../../../apimachinery/index.ts";
import { Fuse } from "../fuse.ts";
import { GoError } from "../go-error.ts";
import { toBytes } from "../go-text.ts";
import type { GoType } from "../go-types.ts";
import { any, type FunctionTable, fn, string } from "../signature.ts";
import { entriesOf, type GoMap, GoObject, isMap, itemsOf, newMap, type Value } from "../values.ts";
import { errorMap, inOrder, toData } from "./data.ts";
import { messageOf, wrongType } from "./json.ts";

/** YAML as Helm reads and writes it, through sigs.k8s.io/yaml. */
export const yamlFunctions: FunctionTable = {
  toYaml: fn([any], (value) => orEmpty(() => marshalYaml(value))),
  mustToYaml: fn([any], (value) => marshalYaml(value)),
  toYamlPretty: fn([any], (value) => orEmpty(() => prettyYaml(value))),
  fromYaml: fn([string], (text) => {
    try {
      const value = readYaml(text);
      if (value === null || isMap(value)) return value ?? {};
      return errorMap(`error unmarshaling JSON: while decoding JSON: ${wrongType(value, "map[string]interface {}")}`);
    } catch (error) {
      return errorMap(messageOf(error));
    }
  }),
  fromYamlArray: fn([string], (text) => {
    try {
      const value = readYaml(text);
      if (value === null || Array.isArray(value)) return value ?? [];
      return [`error unmarshaling JSON: while decoding JSON: ${wrongType(value, "[]interface {}")}`];
    } catch (error) {
      return [messageOf(error)];
    }
  }),
};

function orEmpty(write: () => string): string {
  try {
    return write();
  } catch (error) {
    messageOf(error);
    return "";
  }
}

/** `yaml.Marshal` without the line break at the end. @throws {GoError} */
export function marshalYaml(value: Value): string {
  try {
    return stringifyYaml(toData(value), { isFaithful: true }).replace(/\n$/, "");
  } catch (error) {
    throw new GoError(`error marshaling into JSON: ${messageOf(error)}`);
  }
}

/** `yaml.Unmarshal` of the first document into an `interface {}`. @throws {GoError} in its words */
export function readYaml(text: string): JsonValue {
  return inGoWords(() => parseYaml(text.isWellFormed() ? text : toBytes(text)));
}

/** A document that is an object of the API, whose integers keep all their digits. @throws {GoError} as {@link readYaml} does */
export function readObjectYaml(text: string): ExactValue {
  return inGoWords(() => parseYaml(text.isWellFormed() ? text : toBytes(text), { integers: "exact" }));
}

function inGoWords<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new GoError(`error converting YAML to JSON: ${error.goText}`);
  }
}

const v3 = { isOrdered: (data: object) => Reflect.get(data, inOrder) === true, bytesOf: toBytes };

/** What go-yaml v3 writes with an indentation of two. */
function prettyYaml(value: Value): string {
  return stringifyYaml(toData(plainValue(value)), { isFaithful: true, v3 }).replace(/\n$/, "");
}

/** go-yaml v3 does not go through JSON: fields have small letters, bytes are numbers. */
function plainValue(value: Value, fuse = new Fuse()): Value {
  fuse.burn();
  const items = itemsOf(value);
  if (items !== undefined) return items.map((item) => plainValue(item, fuse));
  const map = entriesOf(value);
  const isStruct = value instanceof GoObject && map === undefined;
  if (isStruct && value.fields().length === 0) return value;
  if (!isStruct && map === undefined) return value;
  const entries = isStruct
    ? value
        .fields()
        .flatMap(([name, field]): [string, Value][] => (/^[A-Z]/.test(name) ? [[name.toLowerCase(), field]] : []))
    : Object.entries(map ?? {});
  const plain = newMap();
  for (const [key, entry] of entries) plain[key] = plainValue(entry, fuse);
  return isStruct ? new InOrder(value.type, plain) : plain;
}

/** A struct whose fields have got other names. */
class InOrder extends GoObject {
  readonly type: GoType;
  readonly #data: GoMap;

  constructor(type: GoType, data: GoMap) {
    super();
    this.type = type;
    this.#data = data;
  }

  override toData(): Value {
    return this.#data;
  }
}
