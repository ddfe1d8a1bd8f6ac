import { isJsonObject, type JsonObject, type JsonValue, quoteGo } from "../../../apimachinery/index.ts";
import { escapeBytes, unescapeBytes } from "../../template/functions/url-escape.ts";
import { type Draft, draftOf, latestDraft, metaSchemaAt } from "./drafts.ts";
import { escapePointer, SchemaError } from "./schema-error.ts";

/** Where a schema stands: the URL of its document, and a JSON pointer into it. */
export type Location = { readonly url: string; readonly pointer: string };

/** A schema with an identity of its own, which references are relative to; the root of a document is always one. */
export type Resource = {
  readonly pointer: string;
  readonly id: string;
  readonly draft: Draft;
  readonly anchors: Map<string, string>;
  readonly dynamicAnchors: Set<string>;
};

/** A document and what is known of the schemas in it. */
export type Root = {
  readonly url: string;
  readonly document: JsonValue;
  readonly resources: Map<string, Resource>;
  readonly seen: Set<string>;
};

/** Documents of schemas, with what they call themselves and each other. */
export class SchemaStore {
  readonly #roots = new Map<string, Root>();
  readonly #load: (url: string) => JsonValue;
  readonly #check: (root: Root, pointer: string) => void;

  /**
   * @param load gives a document that is no part of the specification; throws a {@link SchemaError}
   * @param check is asked whether what has been read is a schema at all; throws a {@link SchemaError}
   */
  constructor(load: (url: string) => JsonValue, check: (root: Root, pointer: string) => void) {
    this.#load = load;
    this.#check = check;
  }

  /** The document at a URL, read when it is first asked for. */
  root(url: string): Root {
    const known = this.#roots.get(url);
    if (known !== undefined) return known;
    const meta = metaSchemaAt(url);
    const root: Root = { url, document: meta ?? this.#load(url), resources: new Map(), seen: new Set() };
    this.#collect(root, root.document, url, "", latestDraft);
    if (meta === undefined) this.#check(root, "");
    this.#roots.set(url, root);
    return root;
  }

  /** The schema at a place. Where none was expected, what stands there is looked through now. */
  schemaAt({ url, pointer }: Location): JsonValue {
    const root = this.root(url);
    const value = lookUp(root, pointer);
    if (!root.seen.has(pointer)) {
      const around = resourceAt(root, pointer);
      this.#collect(root, value, around.id, pointer, around.draft);
      if (!root.resources.has(pointer)) addAnchors(root, value, pointer, around);
      this.#check(root, pointer);
    }
    return value;
  }

  /** Where a reference in a resource leads. */
  resolve(root: Root, from: Resource, reference: string): Location {
    const { url, fragment } = splitFragment(reference);
    const target = joinUrl(from.id, url);
    if (target === root.url) return locate(root, resourceAt(root, ""), fragment);
    const inside = [...root.resources.values()].find(({ id }) => id === target);
    if (inside !== undefined) return locate(root, inside, fragment);
    const other = this.root(target);
    return locate(other, resourceAt(other, ""), fragment);
  }

  #collect(root: Root, schema: JsonValue, outerId: string, pointer: string, outer: Draft): void {
    if (root.seen.has(pointer)) return;
    if (isJsonObject(schema)) this.#collectObject(root, schema, outerId, pointer, outer);
    else if (pointer === "") root.resources.set("", newResource("", outerId, outer));
    root.seen.add(pointer);
  }

  #collectObject(root: Root, schema: JsonObject, outerId: string, pointer: string, outer: Draft): void {
    let draft = this.#draftOf(schema, outer, { url: root.url, pointer });
    let id = idOf(schema, draft);
    const isInner = pointer !== "" && id === "";
    if (isInner) {
      // Only a schema with an identity may follow another version than the one around it.
      draft = outer;
      id = idOf(schema, draft);
    }
    const base = id === "" ? outerId : joinId(outerId, id, { url: root.url, pointer });
    if (id !== "" || pointer === "") {
      const same = [...root.resources.values()].find((resource) => resource.id === base);
      if (same !== undefined && same.pointer !== pointer) {
        const where = `in ${quoteGo(root.url)} at ${quoteGo(pointer)} and ${quoteGo(same.pointer)}`;
        throw new SchemaError(`duplicate id ${quoteGo(base)} ${where}`);
      }
      if (same === undefined) {
        const own = typeof schema["$schema"] === "string" && !isInner ? draft : outer;
        root.resources.set(pointer, newResource(pointer, base, own));
      }
    }
    const around = [...root.resources.values()].find((resource) => resource.id === base) ?? resourceAt(root, pointer);
    addAnchors(root, schema, pointer, around);
    for (const [inner, value] of innerSchemas(schema, pointer, draft)) {
      this.#collect(root, value, base, inner, around.draft);
    }
  }

  #draftOf(schema: JsonObject, fallback: Draft, place: Location, passed: readonly string[] = []): Draft {
    const named = schema["$schema"];
    if (typeof named !== "string") return fallback;
    const draft = draftOf(named);
    if (draft !== undefined) return draft;
    const { url } = splitFragment(named);
    if (url === place.url && place.pointer === "") throw new SchemaError(`draft ${quoteGo(url)} is not supported`);
    if (passed.includes(url)) throw new SchemaError(`cycle in resolving $schema in ${quoteGo(url)}`);
    const meta = this.#load(url);
    return isJsonObject(meta) ? this.#draftOf(meta, fallback, { url, pointer: "" }, [...passed, url]) : fallback;
  }
}

function newResource(pointer: string, id: string, draft: Draft): Resource {
  return { pointer, id, draft, anchors: new Map(), dynamicAnchors: new Set() };
}

/** The resource that a place belongs to. */
export function resourceAt(root: Root, pointer: string): Resource {
  for (let at = pointer; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    const found = root.resources.get(at);
    if (found !== undefined) return found;
    if (at === "") throw new SchemaError(`Cannot read ${root.url}: its root is no schema`);
  }
}

function locate(root: Root, resource: Resource, fragment: string): Location {
  if (fragment === "" || fragment.startsWith("/")) return { url: root.url, pointer: resource.pointer + fragment };
  const pointer = resource.anchors.get(fragment);
  if (pointer !== undefined) return { url: root.url, pointer };
  const reference = `${resource.id}#${encodePointer(fragment)}`;
  throw new SchemaError(`anchor in ${quoteGo(reference)} not found in schema ${quoteGo(root.url)}`);
}

function addAnchors(root: Root, schema: JsonValue, pointer: string, resource: Resource): void {
  if (!isJsonObject(schema)) return;
  const { version, id } = resource.draft;
  const add = (anchor: JsonValue | undefined) => {
    if (typeof anchor !== "string") return false;
    const known = resource.anchors.get(anchor);
    if (known !== undefined && known !== pointer) {
      const where = `in ${quoteGo(root.url)} at ${quoteGo(known)} and ${quoteGo(pointer)}`;
      throw new SchemaError(`duplicate anchor ${quoteGo(anchor)} ${where}`);
    }
    resource.anchors.set(anchor, pointer);
    return true;
  };
  if (version < 2019) {
    const named = schema[id];
    if ("$ref" in schema || typeof named !== "string") return;
    const { fragment } = splitFragment(named);
    if (fragment !== "" && !fragment.startsWith("/")) add(fragment);
    return;
  }
  add(schema["$anchor"]);
  const dynamic = schema["$dynamicAnchor"];
  if (version >= 2020 && add(dynamic) && typeof dynamic === "string") resource.dynamicAnchors.add(dynamic);
}

/** What a schema calls itself, without a fragment. Beside a reference nothing counts in old versions. */
function idOf(schema: JsonObject, { version, id }: Draft): string {
  const named = schema[id];
  if (typeof named !== "string" || (version < 2019 && "$ref" in schema)) return "";
  return named.split("#", 1)[0] ?? "";
}

function* innerSchemas(schema: JsonObject, pointer: string, draft: Draft): Generator<[string, JsonValue]> {
  for (const place of draft.places) {
    const [key = "", which] = place.split("/");
    if (!Object.hasOwn(schema, key)) continue;
    const value = schema[key] ?? null;
    const at = pointer + escapePointer(key);
    if (which === undefined) {
      if (!Array.isArray(value)) yield [at, value];
    } else if (which === "*" && isJsonObject(value)) {
      for (const [name, inner] of Object.entries(value)) yield [at + escapePointer(name), inner];
    } else if (which === "[]" && Array.isArray(value)) {
      for (const [index, inner] of value.entries()) yield [`${at}/${index}`, inner];
    }
  }
}

function lookUp(root: Root, pointer: string): JsonValue {
  let value = root.document;
  const fail = (why: string) => new SchemaError(why);
  for (const step of pointer.split("/").slice(1)) {
    if (/~(?![01])/.test(step)) throw fail(`invalid json-pointer ${quoteGo(showLocation({ url: root.url, pointer }))}`);
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    const index = /^[+]?\d+$/.test(key) ? Number(key) : -1;
    const next = Array.isArray(value)
      ? value[index]
      : isJsonObject(value) && Object.hasOwn(value, key)
        ? value[key]
        : undefined;
    if (next === undefined)
      throw fail(`json-pointer in ${quoteGo(showLocation({ url: root.url, pointer }))} not found`);
    value = next;
  }
  return value;
}

/** A place as one text. */
export function showLocation({ url, pointer }: Location): string {
  return `${url}#${encodePointer(pointer)}`;
}

function encodePointer(pointer: string): string {
  return pointer
    .split("/")
    .map((step) => escapeBytes(step, /[A-Za-z0-9\-_.~$&+=:@]/))
    .join("/");
}

function splitFragment(reference: string): { url: string; fragment: string } {
  const hash = reference.indexOf("#");
  if (hash < 0) return { url: reference, fragment: "" };
  const fragment = reference.slice(hash + 1);
  const wrong = /%(?![\da-fA-F]{2}).{0,2}/s.exec(fragment);
  if (wrong !== null) {
    throw new SchemaError(`error in parsing ${quoteGo(reference)}: invalid URL escape ${quoteGo(wrong[0])}`);
  }
  return { url: reference.slice(0, hash), fragment: unescapeBytes(fragment) };
}

function joinId(base: string, id: string, place: Location): string {
  try {
    return joinUrl(base, id);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new SchemaError(`error in parsing id at ${quoteGo(showLocation(place))}`);
  }
}

/** A reference without a fragment, seen from another one. What is absolute stays as it was written. */
function joinUrl(base: string, reference: string): string {
  if (reference === "") return base;
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(reference)) return reference;
  if (!URL.canParse(reference, base)) {
    if (/^[A-Za-z][A-Za-z0-9+.-]*:[^/]/.test(base)) return base;
    throw new SchemaError(`error in parsing ${quoteGo(reference)}: invalid URL`);
  }
  return new URL(reference, base).href;
}
