import {
  applyDefaults,
  deepEqual,
  dropNulls,
  invalidValue,
  type KubeObject,
  parseApiVersion,
  pruneUnknown,
  quoteGo,
  type Schema,
  type StatusCause,
  setField,
  validateQualifiedName,
  validateSchema,
  validateSubdomain,
  valueAt,
} from "../../apimachinery/index.ts";
import { decodeMetadata, validateObjectMeta, validateObjectMetaUpdate } from "../../apis/index.ts";
import type { Rules } from "../resource.ts";
import type { Definition, DefinitionVersion } from "./definition.ts";
import { hasRules, ruleCauses } from "./expressions/object-rules.ts";

/** What is the same for all custom resources: their CRD's schema decides the rest. */
export function customRules(source: {
  definition: Definition;
  version: DefinitionVersion;
  schema: () => Schema;
}): Rules {
  const { definition, version, schema } = source;
  const { namespaced } = definition;
  const check = (metadata: StatusCause[], object: KubeObject, live?: KubeObject, warn?: (text: string) => void) => {
    const causes = [...metadata, ...validateSchema(object, schema(), "", live), ...scaleCauses(object, version)];
    return withRules(causes, object, schema(), live, warn);
  };
  return {
    schema,
    decode({ apiVersion, kind, metadata }) {
      decodeMetadata(metadata, { kind, version: parseApiVersion(apiVersion).version, as: definition.names.kind });
    },
    prune: (object) => pruneUnknown(object, schema()),
    applyDefaults(object) {
      dropNulls(object, schema());
      applyDefaults(object, schema());
    },
    prepareForCreate(object) {
      if (version.hasStatus) delete object["status"];
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, live, subresource) {
      if (subresource === "status") keepAllButStatus(object, live);
      else if (version.hasStatus) keepStatus(object, live);
      const { generation = 1 } = live.metadata;
      const changed = subresource !== "status" && !deepEqual(contentOf(object), contentOf(live));
      object.metadata.generation = changed ? generation + 1 : generation;
    },
    validateCreate: (object) =>
      check(validateObjectMeta(object.metadata, { namespaced, checkName: validateSubdomain }), object),
    validateUpdate: (object, live, _subresource, warn) =>
      check(validateObjectMetaUpdate(object.metadata, live.metadata), object, live, warn),
    warnings: (object, live, subresource) => (subresource === "status" ? [] : finalizerWarnings(object, live)),
  };
}

const usualFinalizers = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

/** Finalizers of an update that were not there before, and whose names may be others' too. */
function finalizerWarnings({ metadata }: KubeObject, live: KubeObject | undefined): string[] {
  const before = new Set(live?.metadata.finalizers);
  const added = [...new Set(metadata.finalizers)].filter((name) => !before.has(name)).sort();
  return added.flatMap((name) => {
    const at = `metadata.finalizers: ${quoteGo(name)}`;
    const problems = validateQualifiedName(name).map((why) => `${at}: ${why}`);
    if (name.includes("/") || usualFinalizers.has(name)) return problems;
    const path = name.includes(".") ? " including a path (/)" : "";
    const why = "to avoid accidental conflicts with other finalizer writers";
    return [...problems, `${at}: prefer a domain-qualified finalizer name${path} ${why}`];
  });
}

/** Faults that leave a value of which rules cannot speak. */
const blocking: ReadonlySet<string> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

/** What the rules of a schema say, unless the object is not even what they are about. */
function withRules(
  causes: StatusCause[],
  object: KubeObject,
  schema: Schema,
  live: KubeObject | undefined,
  warn: ((text: string) => void) | undefined,
): StatusCause[] {
  if (!hasRules(schema)) return causes;
  if (!causes.some(({ reason = "" }) => blocking.has(reason))) {
    return [...causes, ...ruleCauses(object, schema, live, warn)];
  }
  const why = "some validation rules were not checked because the object was invalid; correct the existing errors";
  return [...causes, invalidValue("<nil>", null, `${why} to complete validation`)];
}

function keepStatus(object: KubeObject, live: KubeObject): void {
  if (live["status"] === undefined) delete object["status"];
  else object["status"] = live["status"];
}

/** A write of the status changes nothing else, and of the metadata only who owns the status. */
function keepAllButStatus(object: KubeObject, live: KubeObject): void {
  const { status } = object;
  const { managedFields } = object.metadata;
  for (const field of Object.keys(object)) if (!Object.hasOwn(live, field)) delete object[field];
  for (const [field, value] of Object.entries(live)) setField(object, field, value);
  object.metadata = { ...live.metadata, managedFields };
  if (status === undefined) delete object["status"];
  else object["status"] = status;
}

function contentOf({ metadata: _metadata, ...content }: KubeObject): unknown {
  return content;
}

/** The fields that the scale subresource reads hold what a replica count can be. */
function scaleCauses(object: KubeObject, { scale }: DefinitionVersion): StatusCause[] {
  if (scale === undefined) return [];
  return [scale.spec, scale.status].flatMap((path) => {
    const value = valueAt(object, ...path.split(".").filter((part) => part !== ""));
    if (typeof value !== "number" || value >= 0) return [];
    const message = `Invalid value: ${value}: should be a non-negative integer`;
    return [{ reason: "FieldValueInvalid", message, field: path }];
  });
}
