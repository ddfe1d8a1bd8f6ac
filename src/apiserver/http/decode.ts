import {
  isStatusError,
  parseJson,
  parseYaml,
  strictJsonProblems,
  unsupportedMediaType,
  YamlError,
} from "../../apimachinery/index.ts";
import { decodeProtobuf } from "../../apis/index.ts";
import { type HttpRequest, readBody, textOf } from "../../lib/index.ts";
import { parseMediaType } from "./negotiate.ts";

/** What kube-apiserver takes: twice etcd's limit of 1.5 MB, so that every object that can be stored fits in a patch. */
export const bodyBytesMax = 3 * 2 ** 20;

/**
 * A body that has been read. `fault` says why it holds no value, in the words of Go's decoders. `strictProblems` tells what
 * strict decoding finds, in its words and order: the unknown fields that it is given, and those that stand twice.
 */
export type Body = {
  value: unknown;
  fault?: string;
  bytes: Uint8Array;
  strictProblems(unknown: readonly string[]): string[];
};

type Decoder = (bytes: Uint8Array) => Body;

const decoders: Readonly<Record<string, Decoder>> = {
  "application/json": decodeJson,
  "application/yaml": decodeYaml,
  "application/vnd.kubernetes.protobuf": decodeProto,
};

/**
 * Reads the body of a write in any format a client may send. CBOR is not among them: clients then send JSON. What cannot be
 * read is told by `fault`, because the words of the refusal depend on what the body should have been.
 */
export async function readObject(request: HttpRequest): Promise<Body> {
  const header = request.headers["content-type"];
  const type = header === undefined ? "application/json" : parseMediaType(header).type;
  const decode = decoders[type];
  if (decode === undefined) throw unsupportedMediaType(Object.keys(decoders));
  return decode(await readBody(request.body, bodyBytesMax));
}

export function decodeJson(bytes: Uint8Array): Body {
  const text = textOf(bytes);
  try {
    const value = parseJson(text, { integers: "exact" });
    return { value, bytes, strictProblems: (unknown) => jsonProblems(text, value, unknown) };
  } catch (error) {
    if (!isStatusError(error)) throw error;
    const fault = `couldn't get version/kind; ${error.message.replace(/ at line \d+, column \d+$/, "")}`;
    return { value: undefined, fault, bytes, strictProblems: unknownFields };
  }
}

function jsonProblems(text: string, value: unknown, unknown: readonly string[]): string[] {
  if (!mayHoldDuplicates(text, value) && unknown.length < 2) return unknownFields(unknown);
  return strictJsonProblems(text, unknown).map(
    ({ path, isUnknown }) => `${isUnknown ? "unknown" : "duplicate"} field ${JSON.stringify(path)}`,
  );
}

function unknownFields(unknown: readonly string[]): string[] {
  return unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
}

/** YAML, of which JSON is a part; JSON goes the faster way. */
export function decodeYaml(bytes: Uint8Array): Body {
  const text = textOf(bytes);
  if (/^\s*\{/.test(text) && isJson(text)) {
    const value = parseJson(text, { integers: "exact" });
    const twice = () => (mayHoldDuplicates(text, value) ? duplicateKeys(text) : []);
    return { value, bytes, strictProblems: (unknown) => [...twice(), ...unknownFields(unknown)] };
  }
  try {
    const strictProblems = (unknown: readonly string[]) => [...duplicateKeys(text), ...unknownFields(unknown)];
    return { value: parseYaml(text, { integers: "exact" }), bytes, strictProblems };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { value: undefined, fault: error.goText, bytes, strictProblems: unknownFields };
  }
}

/** YAML is read leniently first; what a strict reader says of it is what stands twice. */
function duplicateKeys(text: string): string[] {
  try {
    parseYaml(text, { duplicateKeys: "error" });
    return [];
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return [error.goText];
  }
}

function decodeProto(bytes: Uint8Array): Body {
  try {
    return { value: decodeProtobuf(bytes), bytes, strictProblems: unknownFields };
  } catch (error) {
    if (!isStatusError(error, "BadRequest")) throw error;
    return { value: undefined, fault: error.message, bytes, strictProblems: unknownFields };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A field that stands twice is written twice and parsed once. Counting both is ten times cheaper than looking for
 * duplicates, and text without white space before colons, which is all that machines write, cannot hide one.
 */
function mayHoldDuplicates(text: string, value: unknown): boolean {
  let written = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) written++;
  return written !== countFields(value) || /"\s+:/.test(text);
}

function countFields(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countFields(item);
    return count;
  }
  for (const field of Object.values(value)) count += 1 + countFields(field);
  return count;
}
