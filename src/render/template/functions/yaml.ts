import { compareNatural, formatGoExponent, parseYaml, stringifyYaml, YamlError } from "../../../apimachinery/index.ts";
import { Fuse } from "../fuse.ts";
import { GoError } from "../go-error.ts";
import { toBytes } from "../go-text.ts";
import { any, type FunctionTable, fn, string } from "../signature.ts";
import { entriesOf, GoObject, isMap, itemsOf, newMap, type Value } from "../values.ts";
import { type Data, errorMap, toData } from "./data.ts";
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
    return stringifyYaml(toData(value)).replace(/\n$/, "");
  } catch (error) {
    throw new GoError(`error marshaling into JSON: ${messageOf(error)}`);
  }
}

function readYaml(text: string): Value {
  if (!text.isWellFormed()) throw new GoError("error converting YAML to JSON: yaml: invalid leading UTF-8 octet");
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const why = error.message.replace(/^line \d+, column \d+: /, "");
    throw new GoError(`error converting YAML to JSON: yaml: line ${error.line}: ${why}`);
  }
}

/** What go-yaml v3 writes with an indentation of two: sequences are indented too, no line is folded. */
function prettyYaml(value: Value): string {
  return writeBlock(toData(plainValue(value)), "").replace(/^\n/, "");
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
  return plain;
}

function writeBlock(data: Data, indent: string): string {
  if (Array.isArray(data) && data.length > 0) {
    return data.map((item) => `\n${indent}- ${nested(item, `${indent}  `)}`).join("");
  }
  if (typeof data === "object" && data !== null && !Array.isArray(data) && Object.keys(data).length > 0) {
    return Object.keys(data)
      .sort(compareNatural)
      .map((key) => {
        const item = data[key] ?? null;
        return `\n${indent}${scalar(key, indent)}:${isFilled(item) ? writeBlock(item, `${indent}  `) : ` ${scalar(item, indent)}`}`;
      })
      .join("");
  }
  return scalar(data, indent.slice(2));
}

/** A collection behind `- ` begins on the same line. */
function nested(item: Data, indent: string): string {
  return isFilled(item) ? writeBlock(item, indent).slice(1 + indent.length) : scalar(item, indent.slice(2));
}

function isFilled(data: Data): boolean {
  return typeof data === "object" && data !== null && Object.keys(data).length > 0;
}

function scalar(data: Data, indent: string): string {
  if (typeof data === "number") return formatGoExponent(data);
  if (typeof data === "string" && !data.isWellFormed()) return `!!binary ${toBytes(data).toString("base64")}`;
  return stringifyYaml(data, { lineWidth: 0 })
    .trimEnd()
    .replaceAll("\n", `\n${indent}`)
    .replace(/^[ ]+$/gm, "");
}
