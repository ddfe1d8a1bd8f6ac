import {
  deepEqual,
  type Fields,
  internalError,
  isFields,
  type KubeObject,
  type Schema,
  textAt,
} from "../../apimachinery/index.ts";
import { compileJsonPath, type JsonPath } from "../../apis/index.ts";
import { compareVersions } from "../catalog.ts";
import type { ApiResource, CustomPart, Rules, ScalePaths, Subresource } from "../resource.ts";
import { startsWith, storedStart } from "../stored.ts";
import { type ConversionTools, createConverter } from "./conversion.ts";
import type { Definition, DefinitionVersion } from "./definition.ts";
import { customTable } from "./printer-columns.ts";
import { customRules } from "./rules.ts";

/** Where a custom resource's schemas come from, and since when. */
export type DefinitionSource = {
  definition: Definition;
  /** Revision of the CRD. */
  revision: number;
  /** Schema of a version; read on first use. */
  schema(version: string): Schema;
  conversion: ConversionTools;
  /** Objects written after this revision were pruned and defaulted with the schemas as they are now. */
  since: number;
};

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const subresourceVerbs = ["get", "patch", "update"];

/** The resources that a CRD makes: one for each version that is served. */
export function customResources(source: DefinitionSource): ApiResource[] {
  const { definition } = source;
  if (!definition.established) return [];
  return definition.versions.filter(({ served }) => served).map((version) => customResource(source, version));
}

function customResource(source: DefinitionSource, version: DefinitionVersion): ApiResource {
  const { definition } = source;
  const { group, names } = definition;
  const apiVersion = `${group}/${version.name}`;
  const storedAs = `${group}/${definition.versions.find(({ storage }) => storage)?.name ?? version.name}`;
  const start = storedStart(apiVersion);
  const custom: CustomPart = {
    definition: definition.name,
    revision: source.revision,
    terminating: definition.terminating,
  };
  const rules: Rules = customRules({ definition, version, schema: once(() => source.schema(version.name)) });
  const fields = new Map(version.selectableFields.map((path) => [path.replace(/^\./, ""), compileJsonPath(path)]));
  const convert = (object: KubeObject, to: string) => {
    if (object.apiVersion === to) return object;
    if (definition.conversion !== undefined) throw notAlone(definition, object.apiVersion, to);
    object.apiVersion = to;
    return object;
  };
  const finish = (object: KubeObject) => {
    rules.prune(object);
    rules.applyDefaults(object);
    return object;
  };
  const resource: ApiResource = {
    group,
    version: version.name,
    apiVersion,
    resource: names.plural,
    kind: names.kind,
    listKind: names.listKind,
    singular: names.singular,
    namespaced: definition.namespaced,
    shortNames: names.shortNames,
    categories: names.categories,
    verbs,
    subresources: subresourcesOf(definition, version),
    hasStatus: version.hasStatus,
    definition: [...group.split(".").reverse(), version.name, names.kind].join("."),
    scale: scaleOf(version),
    deprecation: deprecationOf(definition, version),
    custom,
    storageName: `${names.plural}.${group}`,
    storedAs,
    unconditionalUpdate: false,
    createOnUpdate: false,
    rules,
    showsStored: (value, revision) => revision > source.since && startsWith(value, start),
    isCurrent: (value, revision) => revision > source.since && startsWith(value, storedStart(storedAs)),
    fromStored: (object) => finish(convert(object, apiVersion)),
    toStored: (object) => convert(object, storedAs),
    selectableFields: [...fields.keys()],
    selectableField: (object, path) => selectableField(fields.get(path), object),
    table: customTable(version.columns),
  };
  if (definition.conversion === undefined || definition.versions.length === 1) return resource;
  const converter = createConverter(source.conversion, definition, { apiVersion, storedAs, finish }, () => converted);
  const converted: ApiResource = { ...resource, converter };
  return converted;
}

function subresourcesOf({ group, names }: Definition, version: DefinitionVersion): Subresource[] {
  const result: Subresource[] = [];
  if (version.hasStatus) {
    result.push({ name: "status", group, version: version.name, kind: names.kind, verbs: subresourceVerbs });
  }
  if (version.scale !== undefined) {
    result.push({ name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs: subresourceVerbs });
  }
  return result;
}

function scaleOf({ scale }: DefinitionVersion): ScalePaths | undefined {
  if (scale === undefined) return undefined;
  const path = (text: string) => text.split(".").filter((part) => part !== "");
  return {
    spec: path(scale.spec),
    status: path(scale.status),
    selector: scale.selector === "" ? undefined : path(scale.selector),
  };
}

function selectableField(path: JsonPath | undefined, object: KubeObject): string | undefined {
  if (path === undefined) return undefined;
  const [value] = path(object);
  return value === undefined || value === null ? "" : String(value);
}

function notAlone({ name }: Definition, from: string, to: string): Error {
  return internalError(`conversion of ${name} from ${from} to ${to} must wait for the CRD's webhook`);
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Whether two states of a CRD read, prune and default objects alike, so that stored objects stay as they are. */
export function readsAlike(a: KubeObject, b: KubeObject): boolean {
  return deepEqual(shapeOf(a), shapeOf(b));
}

function shapeOf(crd: KubeObject): unknown {
  const spec: Fields = isFields(crd["spec"]) ? crd["spec"] : {};
  return { versions: spec["versions"], preserve: spec["preserveUnknownFields"], group: textAt(spec, "group") };
}

/** What clients of a deprecated version are told: what its CRD says, or which version to use instead. */
function deprecationOf({ group, names, versions }: Definition, version: DefinitionVersion): string {
  if (!version.deprecated) return "";
  if (version.deprecationWarning !== "") return version.deprecationWarning;
  const newer = versions
    .filter(({ name, served, deprecated }) => served && !deprecated && compareVersions(name, version.name) < 0)
    .sort((a, b) => compareVersions(a.name, b.name))[0];
  const instead = newer === undefined ? "" : `; use ${group}/${newer.name} ${names.kind}`;
  return `${group}/${version.name} ${names.kind} is deprecated${instead}`;
}
