import { isJsonObject, type JsonObject, type JsonValue, quoteGo } from "../../../apimachinery/index.ts";
import { compileRegex, type Regex } from "../../template/functions/regex-match.ts";
import { GoError } from "../../template/go-error.ts";
import { type Format, formats } from "./formats.ts";
import { escapePointer, formatFaults, SchemaError } from "./schema-error.ts";
import { type Location, type Root, resourceAt, SchemaStore, showLocation } from "./schema-store.ts";
import { validate } from "./validate.ts";
import { quoted } from "./words.ts";

/** A schema, ready for use. Keywords that are absent, or mean nothing in its version, are absent. */
export type SchemaNode = {
  readonly location: Location;
  version: number;
  resource: SchemaNode | undefined;
  /** `false` fits nothing; `true` and `{}` fit everything. */
  always?: boolean;
  ref?: SchemaNode;
  recursiveRef?: SchemaNode;
  recursiveAnchor?: boolean;
  dynamicRef?: { readonly node: SchemaNode; readonly anchor: string };
  dynamicAnchor?: string;
  dynamicAnchors?: Map<string, SchemaNode>;
  types?: readonly string[];
  const?: { readonly value: JsonValue };
  enum?: readonly JsonValue[];
  format?: Format;
  not?: SchemaNode;
  allOf?: readonly SchemaNode[];
  anyOf?: readonly SchemaNode[];
  oneOf?: readonly SchemaNode[];
  /** `if`, with what `then` and `else` ask for. */
  when?: SchemaNode;
  whenTrue?: SchemaNode;
  whenFalse?: SchemaNode;
  minProperties?: number;
  maxProperties?: number;
  required?: readonly string[];
  properties?: ReadonlyMap<string, SchemaNode>;
  patternProperties?: readonly { readonly regex: Regex; readonly node: SchemaNode }[];
  additionalProperties?: boolean | SchemaNode;
  propertyNames?: SchemaNode;
  dependencies?: ReadonlyMap<string, readonly string[] | SchemaNode>;
  dependentRequired?: ReadonlyMap<string, readonly string[]>;
  dependentSchemas?: ReadonlyMap<string, SchemaNode>;
  unevaluatedProperties?: SchemaNode;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  /** One schema for every item, or since 2020-12 for those behind `prefixItems`. */
  items?: SchemaNode;
  prefixItems?: readonly SchemaNode[];
  additionalItems?: boolean | SchemaNode;
  contains?: SchemaNode;
  minContains?: number;
  maxContains?: number;
  unevaluatedItems?: SchemaNode;
  minLength?: number;
  maxLength?: number;
  pattern?: Regex;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
};

/** Compiles schemas, and the schemas of schemas that they are checked with first. */
export class SchemaCompiler {
  readonly #store: SchemaStore;
  readonly #nodes = new Map<string, SchemaNode>();
  readonly #assertsFormat: boolean;
  #queue: SchemaNode[] = [];
  #meta: SchemaCompiler | undefined;

  /**
   * @param load gives the document at a URL; throws a {@link SchemaError} when it cannot
   * @param isMeta whether the schemas are those of the specification, in which formats are rules in every version
   */
  constructor(load: (url: string) => JsonValue, isMeta = false) {
    this.#store = new SchemaStore(load, (root, pointer) => this.#check(root, pointer));
    this.#assertsFormat = isMeta;
  }

  /** @throws {SchemaError} in the words of the library that Helm validates with */
  compile(url: string): SchemaNode {
    this.#queue = [];
    this.#store.root(url);
    const node = this.#node({ url, pointer: "" });
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#fill(next);
    return node;
  }

  #check(root: Root, pointer: string): void {
    const { draft } = resourceAt(root, pointer);
    this.#meta ??= new SchemaCompiler((url) => {
      throw new SchemaError(`failing loading ${quoteGo(url)}: no URLLoader set`);
    }, true);
    const value = valueAt(root.document, pointer);
    const faults = validate(this.#meta.compile(draft.url), value);
    if (faults.length === 0) return;
    const where = quoteGo(showLocation({ url: root.url, pointer }));
    const start = `${where} is not valid against metaschema: jsonschema validation failed with ${quoted(`${draft.url}#`)}`;
    throw new SchemaError([start, ...formatFaults(faults)].join("\n"));
  }

  #node(location: Location): SchemaNode {
    const key = `${location.url}#${location.pointer}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node: SchemaNode = { location, version: 0, resource: undefined };
    this.#nodes.set(key, node);
    this.#queue.push(node);
    return node;
  }

  #fill(node: SchemaNode): void {
    const { location } = node;
    const value = this.#store.schemaAt(location);
    const root = this.#store.root(location.url);
    const resource = resourceAt(root, location.pointer);
    node.version = resource.draft.version;
    node.resource = this.#node({ url: location.url, pointer: resource.pointer });
    if (node.version >= 2020 && resource.pointer === location.pointer) {
      node.dynamicAnchors = new Map();
      for (const anchor of resource.dynamicAnchors) {
        const pointer = resource.anchors.get(anchor);
        if (pointer !== undefined) node.dynamicAnchors.set(anchor, this.#node({ url: location.url, pointer }));
      }
    }
    if (typeof value === "boolean") node.always = value;
    else if (isJsonObject(value)) {
      if (Object.keys(value).length === 0) node.always = true;
      else this.#fillObject(node, value, root);
    }
  }

  #fillObject(node: SchemaNode, schema: JsonObject, root: Root): void {
    const { version } = node;
    const reader = new KeywordReader(node, schema, (pointer) => this.#node({ url: node.location.url, pointer }));
    const refTo = (keyword: string): SchemaNode | undefined => {
      const reference = schema[keyword];
      if (typeof reference !== "string") return undefined;
      return this.#node(this.#store.resolve(root, resourceAt(root, node.location.pointer), reference));
    };
    node.ref = refTo("$ref");
    // In old versions a reference stands alone, but for what came with later ones.
    if (version >= 2019 || node.ref === undefined) {
      reader.readCombinations();
      reader.readObjects();
      reader.readLists();
      reader.readScalars();
      const format = schema["format"];
      const draft = resourceAt(root, node.location.pointer).draft;
      if ((draft.assertsFormat || this.#assertsFormat) && typeof format === "string") node.format = formats.get(format);
    }
    if (version >= 6) {
      node.contains = reader.one("contains");
      node.propertyNames = reader.one("propertyNames");
      if (Object.hasOwn(schema, "const")) node.const = { value: schema["const"] ?? null };
    }
    if (version >= 7) {
      node.when = reader.one("if");
      if (node.when !== undefined && schema["if"] !== false) node.whenTrue = reader.one("then");
      if (node.when !== undefined && schema["if"] !== true) node.whenFalse = reader.one("else");
    }
    if (version >= 2019) {
      node.recursiveRef = refTo("$recursiveRef");
      node.recursiveAnchor = schema["$recursiveAnchor"] === true;
      reader.readNewer();
    }
    if (version >= 2020) {
      const target = refTo("$dynamicRef");
      const reference = schema["$dynamicRef"];
      if (target !== undefined && typeof reference === "string") {
        const fragment = reference.slice(reference.indexOf("#") + 1);
        const isAnchor = reference.includes("#") && fragment !== "" && !fragment.startsWith("/");
        node.dynamicRef = { node: target, anchor: isAnchor ? fragment : "" };
      }
      const anchor = schema["$dynamicAnchor"];
      if (typeof anchor === "string") node.dynamicAnchor = anchor;
    }
  }
}

/** Reads the keywords of one schema into its node. */
class KeywordReader {
  readonly #node: SchemaNode;
  readonly #schema: JsonObject;
  readonly #at: (pointer: string) => SchemaNode;

  constructor(node: SchemaNode, schema: JsonObject, at: (pointer: string) => SchemaNode) {
    this.#node = node;
    this.#schema = schema;
    this.#at = at;
  }

  /** The schema that a keyword is. */
  one(keyword: string): SchemaNode | undefined {
    return Object.hasOwn(this.#schema, keyword) ? this.#at(this.#pointer(keyword)) : undefined;
  }

  readCombinations(): void {
    const node = this.#node;
    node.allOf = this.#list("allOf");
    node.anyOf = this.#list("anyOf");
    node.oneOf = this.#list("oneOf");
    node.not = this.one("not");
  }

  readObjects(): void {
    const node = this.#node;
    node.properties = this.#map("properties");
    node.patternProperties = [...(this.#map("patternProperties") ?? [])].map(([pattern, inner]) => ({
      regex: this.#regex("patternProperties", pattern),
      node: inner,
    }));
    node.additionalProperties = this.#schemaOrTruth("additionalProperties");
    const dependencies = this.#schema["dependencies"];
    if (dependencies !== undefined && isJsonObject(dependencies)) {
      node.dependencies = new Map(
        Object.entries(dependencies).map(([name, value]) => [
          name,
          Array.isArray(value) ? textsIn(value) : this.#at(this.#pointer("dependencies", name)),
        ]),
      );
    }
    node.minProperties = this.#integer("minProperties");
    node.maxProperties = this.#integer("maxProperties");
    const required = this.#schema["required"];
    if (Array.isArray(required)) node.required = textsIn(required);
  }

  readLists(): void {
    const node = this.#node;
    const items = this.#schema["items"];
    if (node.version >= 2020) {
      node.prefixItems = this.#list("prefixItems");
      node.items = this.one("items");
    } else if (Array.isArray(items)) {
      node.prefixItems = this.#list("items");
      node.additionalItems = this.#schemaOrTruth("additionalItems");
    } else {
      node.items = this.one("items");
    }
    node.minItems = this.#integer("minItems");
    node.maxItems = this.#integer("maxItems");
    node.uniqueItems = this.#schema["uniqueItems"] === true;
  }

  readScalars(): void {
    const node = this.#node;
    const type = this.#schema["type"];
    const types = typeof type === "string" ? [type] : Array.isArray(type) ? textsIn(type) : [];
    const known = typeOrder.filter((name) => types.includes(name));
    if (known.length > 0) node.types = known;
    const values = this.#schema["enum"];
    if (Array.isArray(values)) node.enum = values;
    node.multipleOf = this.#number("multipleOf");
    node.maximum = this.#number("maximum");
    node.exclusiveMaximum = this.#number("exclusiveMaximum");
    if (this.#schema["exclusiveMaximum"] === true) {
      node.exclusiveMaximum = node.maximum;
      node.maximum = undefined;
    }
    node.minimum = this.#number("minimum");
    node.exclusiveMinimum = this.#number("exclusiveMinimum");
    if (this.#schema["exclusiveMinimum"] === true) {
      node.exclusiveMinimum = node.minimum;
      node.minimum = undefined;
    }
    node.minLength = this.#integer("minLength");
    node.maxLength = this.#integer("maxLength");
    const pattern = this.#schema["pattern"];
    if (typeof pattern === "string") node.pattern = this.#regex("pattern", pattern);
  }

  /** What came with 2019-09. */
  readNewer(): void {
    const node = this.#node;
    if (node.contains !== undefined) {
      node.minContains = this.#integer("minContains");
      node.maxContains = this.#integer("maxContains");
    }
    const required = this.#schema["dependentRequired"];
    if (required !== undefined && isJsonObject(required)) {
      const entries = Object.entries(required);
      node.dependentRequired = new Map(
        entries.flatMap(([name, names]) => (Array.isArray(names) ? [[name, textsIn(names)]] : [])),
      );
    }
    node.dependentSchemas = this.#map("dependentSchemas");
    node.unevaluatedItems = this.one("unevaluatedItems");
    node.unevaluatedProperties = this.one("unevaluatedProperties");
  }

  #pointer(...keys: readonly string[]): string {
    return this.#node.location.pointer + keys.map(escapePointer).join("");
  }

  #list(keyword: string): SchemaNode[] | undefined {
    const value = this.#schema[keyword];
    if (!Array.isArray(value)) return undefined;
    return value.map((_item, index) => this.#at(this.#pointer(keyword, String(index))));
  }

  #map(keyword: string): Map<string, SchemaNode> | undefined {
    const value = this.#schema[keyword];
    if (value === undefined || !isJsonObject(value)) return undefined;
    return new Map(Object.keys(value).map((name) => [name, this.#at(this.#pointer(keyword, name))]));
  }

  #schemaOrTruth(keyword: string): boolean | SchemaNode | undefined {
    const value = this.#schema[keyword];
    return typeof value === "boolean" ? value : this.one(keyword);
  }

  #number(keyword: string): number | undefined {
    const value = this.#schema[keyword];
    return typeof value === "number" ? value : undefined;
  }

  #integer(keyword: string): number | undefined {
    const value = this.#number(keyword);
    return Number.isInteger(value) ? value : undefined;
  }

  #regex(keyword: string, pattern: string): Regex {
    try {
      return compileRegex(pattern);
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      const { url } = this.#node.location;
      const where = showLocation({ url, pointer: this.#pointer(keyword) });
      throw new SchemaError(`invalid regex ${quoteGo(pattern)} at ${quoteGo(where)}: ${error.message}`);
    }
  }
}

/** The order in which messages name types. */
const typeOrder = ["null", "boolean", "number", "integer", "string", "array", "object"];

function textsIn(list: readonly JsonValue[]): string[] {
  return list.filter((item) => typeof item === "string");
}

function valueAt(document: JsonValue, pointer: string): JsonValue {
  let value: JsonValue = document;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    value = (Array.isArray(value) ? value[Number(key)] : isJsonObject(value) ? value[key] : null) ?? null;
  }
  return value;
}
