import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseYaml,
  setField,
  YamlError,
} from "../../apimachinery/index.ts";
import { textOf } from "../../lib/index.ts";
import { type Chart, type ChartDependency, ChartError, loadChart, loadChartArchive } from "../../render/index.ts";
import { type Definition, type Note, SourceError } from "../definition.ts";
import { accepts, typesOf } from "./accepts.ts";
import { allows, enrichSchema } from "./enrich-schema.ts";
import { inferValuesSchema, noDocs, readValuesDocs } from "./infer-values.ts";
import { localizeReferences } from "./local-references.ts";
import { prominentValues } from "./prominent-values.ts";
import { readObject, slugOf } from "./read-document.ts";
import { followReference, mapInner, pointerOf } from "./schema-walk.ts";
import { kubernetesSchema } from "./well-known-values.ts";

/**
 * How deep charts in charts are followed. What a chart in a chart in a chart is told is rarely told from the top, and umbrella charts
 * would have thousands of fields by it.
 */
const subchartDepthMax = 2;

/**
 * Reads what the values of a chart may be: from its values.schema.json, with what values.yaml adds to that, or from values.yaml and
 * its comments alone. Charts in it have their values below their alias or name.
 *
 * A `default` in the schema is what values.yaml says, and nothing else is: an answer that is equal to the default at its place
 * says nothing new, and need not be written into the values of a release. Fields without a default have none in values.yaml
 * either, or `null`, an empty map or an empty list.
 *
 * @param file the folder or archive that the chart was read from
 * @param repository the address of the chart repository, or the `oci://` one without the chart's name
 * @throws {SourceError} for a library chart, and for a values.schema.json that is none
 */
export function readChartDefinition(
  chart: Chart,
  { file, repository }: { file: string; repository?: string },
): Definition {
  if (chart.type === "library") {
    throw new SourceError("is a library chart, which cannot be installed", { file: `${file}/Chart.yaml` });
  }
  const notes: Note[] = [];
  const schema = chartSchema(chart, { file, notes, at: [], depth: 0 });
  const description = chart.contents.metadata.description.trim();
  return {
    name: slugOf(chart.name),
    title: chart.name,
    ...(description !== "" && { description }),
    source: "helm",
    origin: { file },
    subject: {
      kind: "chart",
      chart: chart.name,
      version: chart.version,
      ...(repository !== undefined && { repository }),
    },
    dialect: "json-schema",
    schema,
    prominent: prominentValues(schema, conditionsOf(chart)),
    notes,
  };
}

/**
 * Loads the chart of a folder or, with `tgz`, an archive, as a source: what cannot be read has a place.
 *
 * @throws {SourceError}
 */
export function loadChartSource(
  content: ReadonlyMap<string, Uint8Array> | Uint8Array,
  { file }: { file: string },
): Chart {
  try {
    return content instanceof Uint8Array ? loadChartArchive(content) : loadChart(content);
  } catch (error) {
    if (!(error instanceof ChartError)) throw error;
    if (!(content instanceof Uint8Array)) {
      for (const name of ["Chart.yaml", "values.yaml", "requirements.yaml"])
        failWithPlace(content.get(name), `${file}/${name}`);
    }
    throw new SourceError(error.message, { file }, { cause: error });
  }
}

function failWithPlace(bytes: Uint8Array | undefined, file: string): void {
  if (bytes === undefined) return;
  try {
    parseYaml(bytes);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { line, column } = error;
    throw new SourceError(
      error.message.replace(/^line \d+, column \d+: /, ""),
      { file, line, column },
      { cause: error },
    );
  }
}

/** @property at where the chart's values are in those of the root */
type Context = {
  readonly file: string;
  readonly notes: Note[];
  readonly at: readonly string[];
  readonly depth: number;
};

function chartSchema(chart: Chart, context: Context): JsonObject {
  const values = jsonOf(chart.contents.values);
  const docs = chart.contents.valuesFile === undefined ? noDocs : readValuesDocs(textOf(chart.contents.valuesFile));
  const written = writtenSchema(chart, context);
  if (written === undefined) {
    const { schema, notes } = inferValuesSchema(values, docs);
    context.notes.push(...notes.map(({ at, message }) => ({ at: placeOf(context, at), message })));
    return withSubcharts(chart, schema, context);
  }
  return withSubcharts(chart, enrichSchema(written, values, docs), context);
}

function placeOf({ at }: Context, place: string): string {
  return [...at, place].filter((part) => part !== "").join(".");
}

function writtenSchema(chart: Chart, context: Context): JsonObject | undefined {
  if (chart.contents.schema === undefined) return undefined;
  const root = readObject(textOf(chart.contents.schema), [context.file, ...context.at, "values.schema.json"].join("/"));
  const external = (reference: string) => kubernetesSchema(reference.slice(reference.lastIndexOf("/") + 1));
  const { schema, notes } = localizeReferences(root, { external });
  context.notes.push(...notes.map(({ at, message }) => ({ at: placeOf(context, at), message })));
  return { type: "object", ...schema };
}

function withSubcharts(chart: Chart, schema: JsonObject, context: Context): JsonObject {
  const values = jsonOf(chart.contents.values);
  const result: JsonObject = { ...schema, properties: { ...objectAt(schema, "properties") } };
  for (const { name } of chart.missingDependencies) {
    const message = `The chart ${name} is not in charts/, so only what this chart says of its values is known`;
    context.notes.push({ at: placeOf(context, name), message });
  }
  for (const { name, sub, dependency } of subchartsOf(chart)) {
    const at = [...context.at, name];
    if (context.depth === subchartDepthMax) {
      context.notes.push({
        at: at.join("."),
        message: `The values of the chart ${sub.name} are left out, since it is so deep inside of others`,
      });
      continue;
    }
    const inner = chartSchema(sub, { ...context, at, depth: context.depth + 1 });
    addSubchart(result, { name, sub, dependency }, inner, values, context);
  }
  return result;
}

type Subchart = { readonly name: string; readonly sub: Chart; readonly dependency: ChartDependency | undefined };

/** Puts the schema of a chart's values below its name into that of the chart it is in, which is changed. */
function addSubchart(
  result: JsonObject,
  subchart: Subchart,
  inner: JsonObject,
  values: JsonObject,
  context: Context,
): void {
  const { name, sub, dependency } = subchart;
  const properties = objectAt(result, "properties");
  const { global, ...own } = objectAt(inner, "properties");
  const { schema } = localizeReferences({ ...inner, properties: own }, { prefix: pointerOf(["properties", name]) });
  const { $schema, required, ...below } = schema;
  const description = sub.contents.metadata.description.trim();
  const isOptional = dependency !== undefined && (dependency.condition !== "" || dependency.tags.length > 0);
  const known: JsonObject = {
    ...(description !== "" && { description }),
    ...below,
    // Values of a chart that is not installed need not be there.
    ...(required !== undefined && !isOptional && { required }),
  };
  const before = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (before !== undefined || allows(result, result, name, {})) {
    setField(properties, name, mergeSchemas(result, before, known, values[name], 0));
  } else {
    context.notes.push({
      at: placeOf(context, name),
      message: `The chart's schema has no place for the values of the chart ${sub.name}`,
    });
  }
  if (isJsonObject(global)) addGlobals(result, global);
  addCondition(result, subchart);
}

/** `global` is seen by all charts, wherever it is set. What one of those in it has there is no default of the whole. */
function addGlobals(result: JsonObject, global: JsonObject): void {
  const properties = objectAt(result, "properties");
  const before = properties["global"] ?? { type: "object", properties: {} };
  if (!isJsonObject(before) || !isJsonObject(before["properties"] ?? {})) return;
  if (properties["global"] === undefined && !allows(result, result, "global", {})) return;
  const fields = { ...objectAt(before, "properties") };
  for (const [name, schema] of Object.entries(objectAt(global, "properties"))) {
    if (Object.hasOwn(fields, name) || !isJsonObject(schema) || !allows(result, before, name, {})) continue;
    // References in it lead to where the chart's own schema was.
    if (JSON.stringify(schema).includes('"$ref"')) continue;
    setField(fields, name, withoutDefaults(schema, 0));
  }
  if (Object.keys(fields).length > 0) properties["global"] = { ...before, properties: fields };
}

/** The value that decides whether a chart is installed is there even where nobody has set it. */
function addCondition(result: JsonObject, { sub, dependency }: Subchart): void {
  const [condition = ""] = (dependency?.condition ?? "").split(",");
  const path = condition
    .trim()
    .split(".")
    .filter((part) => part !== "");
  let here = result;
  for (const part of path.slice(0, -1)) {
    const properties = objectAt(here, "properties");
    const next = Object.hasOwn(properties, part) ? properties[part] : undefined;
    if (!isJsonObject(next) || !isJsonObject(next["properties"])) return;
    const copy = { ...next, properties: { ...next["properties"] } };
    setField(properties, part, copy);
    here = copy;
  }
  const name = path.at(-1);
  if (name === undefined) return;
  const properties = objectAt(here, "properties");
  const before = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const description = `Whether the chart ${sub.name} is installed with this one`;
  if (isJsonObject(before)) setField(properties, name, { description, ...before });
  else if (allows(result, here, name, true)) setField(properties, name, { type: "boolean", description });
}

/**
 * What a chart says of the values of one in it, with what that one knows itself. The outer one decides about defaults.
 *
 * @param value what the outer chart's values.yaml has there; `null` takes the inner one's default away
 */
function mergeSchemas(
  root: JsonObject,
  outer: JsonValue | undefined,
  inner: JsonObject,
  value: JsonValue | undefined,
  depth: number,
): JsonValue {
  if (outer === undefined || !isJsonObject(outer)) return outer ?? inner;
  if (value === null) return orNull({ ...withoutDefaults(inner, 0), ...outer });
  if (value !== undefined && !accepts(root, shallow(inner), value)) return outer;
  if (!isJsonObject(inner["properties"]) || depth > mergeDepthMax) {
    const { default: standard, ...rest } = inner;
    const fits = value === undefined || accepts(root, rest, value);
    const { default: own, ...said } = outer;
    if (!fits) return { ...(inner["description"] !== undefined && { description: inner["description"] }), ...outer };
    const chosen = own ?? (value === undefined ? standard : undefined);
    return {
      ...said,
      ...rest,
      ...pick(said, "description", "title"),
      ...(chosen !== undefined && { default: chosen }),
    };
  }
  const found = followReference(root, outer);
  const { $ref, $defs, definitions, ...said } = outer;
  const merged: JsonObject = {
    ...inner,
    ...found,
    ...said,
    properties: { ...objectAt(found, "properties"), ...objectAt(outer, "properties") },
  };
  for (const holder of ["$defs", "definitions"]) if (inner[holder] !== undefined) merged[holder] = inner[holder];
  const properties = objectAt(merged, "properties");
  for (const [name, schema] of Object.entries(inner["properties"])) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known === undefined && !allows(root, outer, name, {})) continue;
    const set = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    setField(
      properties,
      name,
      isJsonObject(schema) ? mergeSchemas(root, known, schema, set, depth + 1) : (known ?? schema),
    );
  }
  // A map of the inner chart's that the outer one fills is a map with defaults.
  return merged;
}

/** What an object is by itself, without a look at its fields. */
function shallow(schema: JsonObject): JsonObject {
  const { properties, additionalProperties, ...rest } = schema;
  return properties === undefined ? schema : rest;
}

function orNull(schema: JsonObject): JsonObject {
  const types = typesOf(schema);
  const list = schema["enum"];
  return {
    ...schema,
    ...(types.length > 0 && !types.includes("null") && { type: [...types, "null"] }),
    ...(Array.isArray(list) && !list.includes(null) && { enum: [...list, null] }),
  };
}

/** As deep as values are described. */
const mergeDepthMax = 24;

function pick(schema: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]]])));
}

function withoutDefaults(schema: JsonObject, depth: number): JsonObject {
  if (depth > mergeDepthMax) return {};
  const { default: standard, ...rest } = schema;
  return mapInner(rest, (inner) => withoutDefaults(inner, depth + 1));
}

/** The object in a field of a schema that is to be changed: put there when there is none. */
function objectAt(schema: JsonObject, field: string): JsonObject {
  const found = schema[field];
  return isJsonObject(found) ? found : {};
}

/** Values as JSON: numbers of Go that are none in JSON do not come from files. */
function jsonOf(values: unknown): JsonObject {
  const value: JsonValue = values === undefined ? {} : JSON.parse(JSON.stringify(values));
  return isJsonObject(value) ? value : {};
}

/** The charts in a chart under the names they have there. Helm takes those in, too, that nobody lists. */
function subchartsOf(chart: Chart): Subchart[] {
  const listed = chart.dependencies.flatMap((dependency) => {
    const sub = chart.contents.charts.find(({ name }) => name === dependency.name);
    return sub === undefined ? [] : [{ name: dependency.alias || dependency.name, sub, dependency }];
  });
  const known = new Set(chart.dependencies.map(({ name }) => name));
  const others = chart.contents.charts.filter(({ name }) => !known.has(name));
  return [...listed, ...others.map((sub) => ({ name: sub.name, sub, dependency: undefined }))].filter(
    ({ sub }) => sub.type !== "library",
  );
}

/** Paths of the values that decide which charts in it are installed, as the chart lists them. */
function conditionsOf(chart: Chart): string[][] {
  return subchartsOf(chart).flatMap(({ dependency }) => {
    const [first = ""] = (dependency?.condition ?? "").split(",");
    return first.trim() === "" ? [] : [first.trim().split(".")];
  });
}
