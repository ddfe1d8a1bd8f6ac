import {
  badRequest,
  duplicateJsonKeys,
  parseJson,
  parseYaml,
  unsupportedMediaType,
  YamlError,
} from "../../apimachinery/index.ts";
import { decodeProtobuf } from "../../apis/index.ts";
import { type HttpRequest, readBody } from "../../lib/index.ts";
import { parseMediaType } from "./negotiate.ts";

/** What kube-apiserver takes: twice etcd's limit of 1.5 MB, so that every object that can be stored fits in a patch. */
export const bodyBytesMax = 3 * 2 ** 20;

/** A body that has been read. `duplicates` names fields that stand twice, as `spec.x`. */
export type Body = { value: unknown; duplicates(): string[] };

type Decoder = (bytes: Uint8Array) => Body;

const decoders: Readonly<Record<string, Decoder>> = {
  "application/json": decodeJson,
  "application/yaml": decodeYaml,
  "application/vnd.kubernetes.protobuf": (bytes) => ({ value: decodeProtobuf(bytes), duplicates: () => [] }),
};

/** Reads the body of a write in any format a client may send. CBOR is not among them: clients then send JSON. */
export async function readObject(request: HttpRequest): Promise<Body> {
  const header = request.headers["content-type"];
  const type = header === undefined ? "application/json" : parseMediaType(header).type;
  const decode = decoders[type];
  if (decode === undefined) throw unsupportedMediaType(Object.keys(decoders));
  return decode(await readBody(request.body, bodyBytesMax));
}

/** @throws {StatusError} `BadRequest` for what is not JSON or nests too deep */
export function decodeJson(bytes: Uint8Array): Body {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const value = parseJson(text);
  return { value, duplicates: () => (mayHoldDuplicates(text, value) ? duplicateJsonKeys(text) : []) };
}

/** YAML, of which JSON is a part; JSON goes the faster way. */
export function decodeYaml(bytes: Uint8Array): Body {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  if (/^\s*\{/.test(text) && isJson(text)) return decodeJson(bytes);
  try {
    return { value: parseYaml(text), duplicates: () => [] };
  } catch (error) {
    if (error instanceof YamlError) throw badRequest(`error parsing YAML: ${error.message}`);
    throw error;
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
