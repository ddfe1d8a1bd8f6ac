import { isJsonObject, type JsonObject, type JsonValue, parseApiVersion, textAt } from "../../apimachinery/index.ts";
import { type Definition, type FieldUse, SourceError } from "../definition.ts";
import { definitionName, type ReadOptions, requireText, scopeOf } from "./crd.ts";
import { addUse, propertyPath, type UseMap, usesOf } from "./field-uses.ts";
import { objectAt, objectsAt } from "./json-at.ts";
import { pluralOf } from "./plural.ts";
import { readSimpleSchema, SimpleSchemaError } from "./simple-schema.ts";

/** The group of kinds whose graph names none. */
const kroGroup = "kro.run";

/**
 * Makes a definition of a ResourceGraphDefinition of kro: of the kind that it adds to the cluster, whose `spec` it describes in a
 * simple schema. `status` is kro's own. What fields drive is known from the expressions in the templates of the graph.
 *
 * @throws {SourceError} without kind or version, or for a schema that kro refuses
 */
export function readKro(object: JsonObject, { file, line, version }: ReadOptions): Definition {
  const place = { file, line };
  const graph = objectAt(object, "spec", "schema");
  if (graph === undefined) throw new SourceError("has no spec.schema", place);
  const kind = requireText(object, ["spec", "schema", "kind"], place);
  const { group, version: name } = parseApiVersion(requireText(object, ["spec", "schema", "apiVersion"], place));
  if (version !== undefined && version !== name) {
    throw new SourceError(`has no version ${version} that is served, only ${name}`, place);
  }
  const ownGroup = textAt(graph, "group") || group || kroGroup;
  const schema = graphSchema(graph, place);
  const usedBy = usesOfGraph(object, schema);
  return {
    name: definitionName(ownGroup, kind),
    title: kind,
    source: "kro",
    origin: place,
    subject: {
      kind: "resource",
      apiVersion: `${ownGroup}/${name}`,
      resourceKind: kind,
      plural: pluralOf(kind),
      namespaced: textAt(graph, "scope") !== "Cluster",
    },
    dialect: "kubernetes",
    schema,
    // Authors of graphs write fields in the order in which they want them to be read.
    prominent: [],
    ...(usedBy.length > 0 && { usedBy }),
    written: { object, ...scopeOf(graph["scope"]), version: name, schema },
    notes: [],
  };
}

function graphSchema(graph: JsonObject, place: { file: string; line: number }): JsonObject {
  for (const field of ["spec", "types"]) {
    const value = graph[field];
    if (value !== undefined && value !== null && !isJsonObject(value)) {
      throw new SourceError(`spec.schema.${field} is no object`, place);
    }
  }
  try {
    const spec = readSimpleSchema(objectAt(graph, "spec") ?? {}, objectAt(graph, "types") ?? {});
    return {
      type: "object",
      properties: { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" }, spec },
    };
  } catch (error) {
    if (!(error instanceof SimpleSchemaError)) throw error;
    throw new SourceError(`spec.schema: ${error.message}`, place, { cause: error });
  }
}

/** How deep values stand in templates of a graph; manifests nest a dozen levels. */
const templateDepthMax = 100;

function usesOfGraph(object: JsonObject, schema: JsonObject): FieldUse[] {
  const uses: UseMap = new Map();
  for (const resource of objectsAt(object, "spec", "resources")) {
    const id = textAt(resource, "id");
    const template = objectAt(resource, "template") ?? objectAt(resource, "externalRef") ?? {};
    const kind = textAt(template, "kind") || id;
    const read = (text: string, drives: string | undefined, required: boolean) => {
      for (const steps of schemaReferences(text)) {
        const path = propertyPath(schema, steps);
        if (path !== undefined) addUse(uses, { path, reader: id, ...(drives !== undefined && { drives }), required });
      }
    };
    for (const { path, text } of textsIn(template)) read(text, `${path} of ${kind}`, true);
    for (const { text } of textsIn(resource["includeWhen"] ?? null)) read(text, `whether there is ${kind}`, false);
    for (const { text } of textsIn(resource["forEach"] ?? null)) read(text, `how many there are of ${kind}`, false);
  }
  return usesOf(uses);
}

function* textsIn(value: JsonValue, path = "", depth = 0): Generator<{ path: string; text: string }> {
  if (typeof value === "string") yield { path, text: value };
  if (typeof value !== "object" || value === null || depth > templateDepthMax) return;
  for (const [name, inner] of Object.entries(value)) {
    const step = Array.isArray(value)
      ? `[${name}]`
      : /[.[\]]/.test(name)
        ? `[${name}]`
        : path === ""
          ? name
          : `.${name}`;
    yield* textsIn(inner, path + step, depth + 1);
  }
}

/** `schema.spec.a.b` in expressions, `?.` included, which only asks whether there is something. */
function schemaReferences(text: string): { field: string }[][] {
  const begin = text.indexOf("${");
  if (begin < 0) return [];
  const references = text.slice(begin).matchAll(/(?<![\w.])schema((?:\.\??[A-Za-z_]\w*(?![\w(]))+)/g);
  return [...references].map(([, fields = ""]) =>
    fields
      .split(/\.\??/)
      .slice(1)
      .map((field) => ({ field })),
  );
}
