import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import type { Note } from "../definition.ts";
import { innerSchemas, mapInner, pathOfPointer, pointerOf, valueAtPath } from "./schema-walk.ts";

/**
 * How `localizeReferences` treats a schema.
 *
 * @property prefix where the schema will stand, as a pointer such as `/properties/value`; the root when absent
 * @property external what a reference to another document stands for, where that is known
 */
export type LocalizeOptions = {
  readonly prefix?: string;
  readonly external?: (reference: string) => JsonObject | undefined;
};

/**
 * Makes every reference of a schema a pointer into the schema itself, `#/...`: those by `$id`, by anchor, `$recursiveRef` and
 * `$dynamicRef`, which are taken for what they say without a look at who refers to it. A reference that leads out of the
 * document, or nowhere, is left out, with a note.
 */
export function localizeReferences(
  root: JsonObject,
  options: LocalizeOptions = {},
): { schema: JsonObject; notes: Note[] } {
  const index = indexOf(root);
  const notes: Note[] = [];
  const dropped = new Set<string>();
  const schema = rewrite(root, { pointer: "", base: undefined }, 0);
  return { schema, notes };

  function rewrite(node: JsonObject, outer: Resource, depth: number): JsonObject {
    if (depth > schemaDepthMax) return {};
    const resource = index.resources.get(node) ?? outer;
    const copy = mapInner(node, (inner) => rewrite(inner, resource, depth + 1));
    for (const keyword of identifiers) if (typeof copy[keyword] === "string") delete copy[keyword];
    const { $ref, $recursiveRef, $dynamicRef, ...rest } = copy;
    const reference = [$ref, $dynamicRef, $recursiveRef].find((one) => typeof one === "string");
    if (typeof reference !== "string") return copy;
    const pointer = resolve(reference, resource);
    if (pointer !== undefined) return { ...rest, $ref: `#${options.prefix ?? ""}${pointer}` };
    const known = options.external?.(reference);
    if (known !== undefined) return { ...known, ...rest };
    if (!dropped.has(reference)) {
      dropped.add(reference);
      const why = reference.startsWith("#") ? "leads nowhere" : "leads to another document";
      notes.push({ at: reference, message: `The reference ${why}, so any value is accepted there` });
    }
    return rest;
  }

  function resolve(reference: string, resource: Resource): string | undefined {
    const hash = reference.indexOf("#");
    const document = hash < 0 ? reference : reference.slice(0, hash);
    const fragment = hash < 0 ? "" : reference.slice(hash + 1);
    const start = document === "" ? resource.pointer : index.byUrl.get(absolute(document, resource.base));
    if (start === undefined) return undefined;
    if (fragment !== "" && !fragment.startsWith("/")) return index.anchors.get(`${start}#${fragment}`);
    const path = pathOfPointer(start + fragment);
    return isSchema(valueAtPath(root, path)) ? pointerOf(path) : undefined;
  }
}

/**
 * How deep schemas are followed into each other. The deepest that people write, those of pod templates, have some forty
 * levels.
 */
const schemaDepthMax = 200;

/** What says where a schema is, and means nothing once references are pointers. */
const identifiers = ["$id", "id", "$anchor", "$dynamicAnchor"];

/** A schema with a URL of its own; `base` is absent as long as nothing said one. */
type Resource = { readonly pointer: string; readonly base: string | undefined };

type Index = {
  readonly resources: Map<JsonObject, Resource>;
  /** Pointers of resources by their URLs. */
  readonly byUrl: Map<string, string>;
  /** Pointers by `<pointer of the resource>#<anchor>`. */
  readonly anchors: Map<string, string>;
};

function indexOf(root: JsonObject): Index {
  const index: Index = { resources: new Map(), byUrl: new Map(), anchors: new Map() };
  visit(root, [], { pointer: "", base: undefined }, 0);
  return index;

  function visit(node: JsonObject, path: string[], outer: Resource, depth: number): void {
    if (depth > schemaDepthMax) return;
    const pointer = pointerOf(path);
    const id = typeof node["$id"] === "string" ? node["$id"] : node["id"];
    let resource = outer;
    if (typeof id === "string" && id.startsWith("#")) {
      index.anchors.set(`${outer.pointer}${id}`, pointer);
    } else if (typeof id === "string" && (node["$ref"] === undefined || path.length === 0)) {
      const base = absolute(id.replace(/#$/, ""), outer.base);
      resource = { pointer, base };
      index.resources.set(node, resource);
      if (!index.byUrl.has(base)) index.byUrl.set(base, pointer);
    }
    for (const keyword of ["$anchor", "$dynamicAnchor"]) {
      const anchor = node[keyword];
      if (typeof anchor === "string") index.anchors.set(`${resource.pointer}#${anchor}`, pointer);
    }
    for (const [inner, schema] of innerSchemas(node)) visit(schema, [...path, ...inner], resource, depth + 1);
  }
}

/** A URL against the one that holds; the text itself where that makes none. */
function absolute(url: string, base: string | undefined): string {
  return URL.parse(url, base ?? "schema:///")?.href ?? url;
}

function isSchema(value: JsonValue | undefined): boolean {
  return typeof value === "boolean" || isJsonObject(value);
}
