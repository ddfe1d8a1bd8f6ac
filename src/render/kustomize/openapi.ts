import {
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  parseYaml,
  textAt,
  textsAt,
  valueAt,
  YamlError,
} from "../../apimachinery/index.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { clusterScopedKinds, kindsOfTypes, mergeTypes, namespacedKinds } from "./openapi-table.ts";

/** What a schema says to a strategic merge. */
export type MergeSchema = {
  field(name: string): MergeSchema | undefined;
  elements(): MergeSchema | undefined;
  /** A list whose items are merged with those of the patch instead of replaced. */
  readonly isMergeList: boolean;
  /** The fields that tell items apart; none when the items are texts. */
  readonly mergeKeys: readonly string[];
};

/**
 * The schemas that one build uses: those of the built-in kinds until a kustomization brings its own. As upstream, the first
 * kustomization that has an `openapi` field decides for all others, and its schemas take the place of the built-in ones
 * unless those were needed before.
 */
export class OpenApi {
  #custom: unknown;
  #isChosen = false;
  #isCustomRead = false;
  #usesBuiltIn = false;
  readonly #definitions = new Map<string, unknown>();
  readonly #schemas = new Map<string, MergeSchema>();
  readonly #isNamespaced = new Map<string, boolean>();

  /**
   * @param openapi the field of a kustomization
   * @param text what its `path` leads to
   * @throws {KustomizeError}
   */
  choose(openapi: Readonly<Record<string, string>>, text: string | undefined): void {
    if (this.#isChosen) return;
    const version = openapi["version"];
    if (text !== undefined) {
      if (version !== undefined) {
        throw new KustomizeError("builtin version and custom schema provided, cannot use both");
      }
      this.#custom = parseSchema(text);
      this.#isChosen = true;
    } else if (version !== undefined && version !== "") {
      if (version !== builtInVersion) throw new KustomizeError("the specified OpenAPI version is not built in");
      this.#isChosen = true;
    }
  }

  /** The schema of a kind; `undefined` for one that nobody knows. */
  schemaOf(apiVersion: string, kind: string): MergeSchema | undefined {
    if (this.#custom === undefined) this.#usesBuiltIn = true;
    this.#readCustom();
    const key = `${apiVersion} ${kind}`;
    return this.#schemas.get(key) ?? (this.#usesBuiltIn ? builtInSchemas().get(key) : undefined);
  }

  /** Whether objects of a kind are certainly in no namespace. */
  isClusterScoped(apiVersion: string, kind: string): boolean {
    const key = `${apiVersion} ${kind}`;
    const known = builtInScopes().get(key);
    if (known !== undefined) return !known;
    if (this.#custom === undefined) {
      this.#usesBuiltIn = true;
      return false;
    }
    this.#readCustom();
    return this.#isNamespaced.get(key) === false;
  }

  #readCustom(): void {
    if (this.#custom === undefined || this.#isCustomRead) return;
    this.#isCustomRead = true;
    const definitions = fieldsAt(this.#custom, "definitions");
    for (const [name, definition] of Object.entries(definitions)) this.#definitions.set(name, definition);
    const resolve: Resolve = (schema) => this.#resolve(schema);
    for (const definition of Object.values(definitions)) {
      for (const gvk of itemsAt(definition, gvkExtension)) {
        this.#schemas.set(keyOfGvk(gvk), customSchema(definition, resolve));
      }
    }
    for (const [path, item] of Object.entries(fieldsAt(this.#custom, "paths"))) {
      const gvk = valueAt(item, "get", gvkExtension);
      if (!isFields(gvk)) continue;
      const key = keyOfGvk(gvk);
      if (path.includes("namespaces/{namespace}")) this.#isNamespaced.set(key, true);
      else if (!this.#isNamespaced.has(key)) this.#isNamespaced.set(key, false);
    }
  }

  #resolve(schema: unknown): MergeSchema | undefined {
    let here = schema;
    for (let hops = 0; hops < referencesMax; hops++) {
      const reference = textAt(here, "$ref");
      if (reference === "") return customSchema(here, (below) => this.#resolve(below));
      const name = reference.replace(/^#\/definitions\//, "");
      here = this.#definitions.get(name);
      if (here === undefined) return this.#usesBuiltIn ? builtInDefinition(name) : undefined;
    }
    return undefined;
  }
}

const gvkExtension = "x-kubernetes-group-version-kind";

/** The only version of Kubernetes whose schemas kustomize 5.7 carries. */
export const builtInVersion = "v1.21.2";

/** How many references may lead from one to the next; real schemas have one or two. */
const referencesMax = 20;

function parseSchema(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    if (error instanceof YamlError) throw new KustomizeError(`invalid schema file: ${error.message}`, { cause: error });
    throw error;
  }
}

function keyOfGvk(gvk: Fields): string {
  const group = textAt(gvk, "group");
  return `${group === "" ? "" : `${group}/`}${textAt(gvk, "version")} ${textAt(gvk, "kind")}`;
}

/** A built-in type by the name of its definition, for schemas that refer to it. */
function builtInDefinition(name: string): MergeSchema | undefined {
  const type = /^io\.k8s\.(?:api\.[a-z]+\.v1|apimachinery\.pkg\.apis\.meta\.v1)\.(\w+)$/.exec(name)?.[1];
  if (type === undefined) return undefined;
  const shared = sharedTypes[type] ?? type;
  return Object.hasOwn(mergeTypes, shared) ? objectSchema(shared) : undefined;
}

/** Definitions that share the entry of another one in the table. */
const sharedTypes: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: "MetadataAndConditions",
  PersistentVolumeClaimTemplate: "Metadata",
  DeploymentSpec: "WorkloadSpec",
  ReplicaSetSpec: "WorkloadSpec",
  DaemonSetSpec: "WorkloadSpec",
  JobSpec: "WorkloadSpec",
};

/** The schema that another one is, or refers to. */
type Resolve = (schema: unknown) => MergeSchema | undefined;

function customSchema(schema: unknown, resolve: Resolve): MergeSchema {
  const follow = (below: unknown): MergeSchema | undefined => (below === undefined ? undefined : resolve(below));
  const listKeys = textsAt(schema, "x-kubernetes-list-map-keys");
  const mergeKey = textAt(schema, "x-kubernetes-patch-merge-key");
  return {
    field(name) {
      const additional = valueAt(schema, "additionalProperties");
      return follow(valueAt(schema, "properties", name) ?? (isFields(additional) ? additional : undefined));
    },
    elements: () => (textAt(schema, "type") === "array" ? follow(valueAt(schema, "items")) : undefined),
    isMergeList: textAt(schema, "x-kubernetes-patch-strategy").split(",").includes("merge"),
    mergeKeys: listKeys.length > 0 ? listKeys : mergeKey === "" ? [] : [mergeKey],
  };
}

let schemas: ReadonlyMap<string, MergeSchema> | undefined;

function builtInSchemas(): ReadonlyMap<string, MergeSchema> {
  schemas ??= new Map(
    Object.entries(kindsOfTypes).flatMap(([type, kinds]) => {
      const schema = objectSchema(type);
      return keysOf(kinds).map((key): [string, MergeSchema] => [key, schema]);
    }),
  );
  return schemas;
}

let scopes: ReadonlyMap<string, boolean> | undefined;

function builtInScopes(): ReadonlyMap<string, boolean> {
  scopes ??= new Map([
    ...keysOf(clusterScopedKinds).map((key): [string, boolean] => [key, false]),
    ...keysOf(namespacedKinds).map((key): [string, boolean] => [key, true]),
  ]);
  return scopes;
}

function keysOf(kinds: string): string[] {
  return kinds.split(" ").flatMap((entry) => {
    const [apiVersion = "", names = ""] = entry.split(":");
    return names.split(",").map((kind) => `${apiVersion} ${kind}`);
  });
}

const objects = new Map<string, MergeSchema>();

/** The schema of a type in the table; types refer to each other, so fields are read when they are asked for. */
function objectSchema(type: string): MergeSchema {
  const known = objects.get(type);
  if (known !== undefined) return known;
  const fields = new Map(
    (mergeTypes[type] ?? "").split(" ").map((entry): [string, string] => {
      const colon = entry.indexOf(":");
      return [entry.slice(0, colon), entry.slice(colon + 1)];
    }),
  );
  const found = new Map<string, MergeSchema>();
  const schema: MergeSchema = {
    field(name) {
      const text = fields.get(name);
      if (text === undefined) return undefined;
      const below = found.get(name) ?? fieldSchema(text);
      found.set(name, below);
      return below;
    },
    elements: () => undefined,
    isMergeList: false,
    mergeKeys: [],
  };
  objects.set(type, schema);
  return schema;
}

function fieldSchema(text: string): MergeSchema {
  if (!text.startsWith("[")) return objectSchema(text);
  const [type = "", keys] = text.slice(1).split("!");
  return {
    field: () => undefined,
    elements: () => objectSchema(type),
    isMergeList: keys !== undefined,
    mergeKeys: keys === undefined || keys === "" ? [] : keys.split("+"),
  };
}
