import { createHash } from "node:crypto";
import { type KubeObject, parseExactJson, requestTooLarge } from "../apimachinery/index.ts";
import { bufferOf, textOf } from "../lib/index.ts";

const marker = Buffer.from('"resourceVersion":"');
const labelsMarker = Buffer.from('","labels":{');
const metadataMarker = Buffer.from('"metadata":{');
const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** What etcd takes in one request (`--max-request-bytes`, 1.5 MiB), so that what is stored here fits a real cluster, too. */
export const objectBytesMax = 1.5 * 2 ** 20;

/**
 * The bytes of an object as they are stored, listed and watched. `apiVersion`, `kind` and the first fields of
 * `metadata`, up to the labels, stand first: the functions below find and replace them without parsing, because nothing
 * before them can contain an unescaped quote.
 *
 * @throws {StatusError} `RequestEntityTooLarge`
 */
export function encodeStored(object: KubeObject, revision: number): Buffer {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { name, generateName, namespace, uid, resourceVersion: _old, labels, ...more } = metadata;
  const ordered = { name, generateName, namespace, uid, resourceVersion: String(revision), labels, ...more };
  // In memory of their own, which the store would give them otherwise.
  const text = JSON.stringify({ apiVersion, kind, metadata: ordered, ...rest });
  const bytes = encoder.encode(kind === "ControllerRevision" ? withGoEscapes(text) : text);
  if (bytes.byteLength > objectBytesMax) throw requestTooLarge(`limit is ${objectBytesMax}`);
  return bufferOf(bytes);
}

const encoder = new TextEncoder();

/** Clients compare the data of ControllerRevisions byte by byte with what Go makes of a template. */
function withGoEscapes(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A fresh copy that the caller may change. */
export function decodeStored(value: Uint8Array): KubeObject {
  return parseExactJson(textOf(value)) as KubeObject;
}

/** How the stored bytes of an `apiVersion` begin. */
export function storedStart(apiVersion: string): Buffer {
  return Buffer.from(`{"apiVersion":${JSON.stringify(apiVersion)},`);
}

export function startsWith(value: Uint8Array, start: Uint8Array): boolean {
  return Buffer.compare(value.subarray(0, start.byteLength), start) === 0;
}

/** The same object at another revision: what a delete shows. In pieces, to be joined by whoever writes them. */
export function withRevision(value: Uint8Array, revision: number): Uint8Array[] {
  const buffer = bufferOf(value);
  const start = buffer.indexOf(marker) + marker.byteLength;
  const end = buffer.indexOf(quote, start);
  return [buffer.subarray(0, start), Buffer.from(String(revision)), buffer.subarray(end)];
}

/** The labels of a stored object. Valid labels hold no braces, so the first one ends them. */
export function labelsOf(value: Uint8Array): Record<string, string> {
  const buffer = bufferOf(value);
  const start = buffer.indexOf(quote, buffer.indexOf(marker) + marker.byteLength);
  const labels = start + labelsMarker.byteLength;
  if (Buffer.compare(buffer.subarray(start, labels), labelsMarker) !== 0) return {};
  const parsed: Record<string, string> = JSON.parse(
    buffer.toString("utf8", labels - 1, buffer.indexOf(closeBrace, labels) + 1),
  );
  return parsed;
}

/** The bytes of `metadata`, without parsing. */
export function metadataOf(value: Uint8Array): Uint8Array {
  const start = bufferOf(value).indexOf(metadataMarker) + metadataMarker.byteLength - 1;
  let depth = 0;
  for (let at = start; at < value.byteLength; at++) {
    const byte = value[at];
    if (byte === quote) at = stringEnd(value, at);
    else if (byte === openBrace) depth++;
    else if (byte === closeBrace && --depth === 0) return value.subarray(start, at + 1);
  }
  throw new Error("Cannot find the metadata of a stored object");
}

/** Where the quote is that ends the text which begins at another one. */
function stringEnd(value: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < value.byteLength && value[at] !== quote) at += value[at] === backslash ? 2 : 1;
  return at;
}

/** How many labels are remembered: those of what all watchers look at one after the other. */
const rememberedMax = 4096;

/** {@link labelsOf} for values that many look at within a short time. */
export function createLabelCache(): (value: Uint8Array) => Readonly<Record<string, string>> {
  let known = new WeakMap<Uint8Array, Readonly<Record<string, string>>>();
  let count = 0;
  return (value) => {
    const labels = known.get(value);
    if (labels !== undefined) return labels;
    if (++count > rememberedMax) {
      known = new WeakMap();
      count = 1;
    }
    const read = labelsOf(value);
    known.set(value, read);
    return read;
  };
}

/** Parsed objects, kept only as long as their bytes are and memory allows. They are shared: nobody may change them. */
export type ParseCache = (value: Uint8Array) => Readonly<KubeObject>;

export function createParseCache(): ParseCache {
  const cache = new WeakMap<Uint8Array, WeakRef<KubeObject>>();
  return (value) => {
    const known = cache.get(value)?.deref();
    if (known !== undefined) return known;
    const object = decodeStored(value);
    cache.set(value, new WeakRef(object));
    return object;
  };
}

/** Where the objects of a resource are in the store. */
export type Keys = {
  /** All objects of a resource, or those in one namespace. */
  prefix(storageName: string, namespace: string): string;
  key(storageName: string, namespace: string, name: string): string;
  /** The inverse of `key`, for keys below `prefix(storageName, "")`. */
  nameOf(key: string, namespaced: boolean): { namespace: string; name: string };
};

/** `/<cluster>/<resource>.<group>/[<namespace>/]<name>` */
export function createKeys(cluster: string): Keys {
  const prefix = (storageName: string, namespace: string) =>
    namespace === "" ? `/${cluster}/${storageName}/` : `/${cluster}/${storageName}/${namespace}/`;
  return {
    prefix,
    key: (storageName, namespace, name) => prefix(storageName, namespace) + name,
    nameOf(key, namespaced) {
      const slash = key.lastIndexOf("/");
      const name = key.slice(slash + 1);
      return { name, namespace: namespaced ? key.slice(key.lastIndexOf("/", slash - 1) + 1, slash) : "" };
    },
  };
}

/** What an ETag or a hash in a URL is made of. */
export function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").toUpperCase();
}
