import { formatApiVersion, type KubeObject, pruneUnknown } from "../apimachinery/index.ts";
import {
  type BuiltinResource,
  builtinResources,
  builtinSchema,
  completeBuiltin,
  convertBuiltin,
  decodeBuiltin,
  defaultBuiltin,
  emptyBuiltin,
  prepareForCreate,
  prepareForUpdate,
  selectableField,
  selectableFields,
  strategyOf,
  tableCells,
  tableColumns,
  validateBuiltin,
  warnOfBuiltin,
} from "../apis/index.ts";
import type { ApiResource, Rules, ScalePaths } from "./resource.ts";
import { startsWith, storedStart } from "./stored.ts";

/** Subresources of the table that something here answers; the others are not offered. */
const answered = new Set([
  "status",
  "scale",
  "finalize",
  "binding",
  "eviction",
  "ephemeralcontainers",
  "resize",
  "approval",
  "token",
]);

/** What whoever uses them is warned of. */
const deprecations: Readonly<Record<string, string>> = {
  "v1 ComponentStatus": "v1 ComponentStatus is deprecated in v1.19+",
  "v1 Endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
};

/** The built-in resources as this server serves them, in the order of discovery. */
export function builtinApiResources(): ApiResource[] {
  const names = new Map(
    builtinResources.map((builtin) => [`${builtin.group}/${builtin.version}/${builtin.resource}`, builtin]),
  );
  return builtinResources.map((builtin) => {
    const stored = names.get(`${builtin.storageGroup}/${builtin.storageVersion}/${builtin.resource}`) ?? builtin;
    return builtinApiResource(builtin, stored);
  });
}

function builtinApiResource(builtin: BuiltinResource, stored: BuiltinResource): ApiResource {
  const { resource, storageGroup } = builtin;
  const apiVersion = formatApiVersion(builtin);
  const shared =
    builtin !== stored || builtinResources.some((other) => other !== builtin && sharesStorage(other, builtin));
  const start = storedStart(apiVersion);
  const strategy = strategyOf(builtin);
  const columns = builtin.verbs.includes("list") ? tableColumns(builtin) : undefined;
  return {
    ...builtin,
    apiVersion,
    subresources: builtin.subresources.filter(({ name }) => answered.has(name)),
    scale: builtin.subresources.some(({ name }) => name === "scale") ? scalePaths : undefined,
    deprecation: deprecations[`${apiVersion} ${builtin.kind}`] ?? "",
    custom: undefined,
    storageName: storageGroup === "" ? resource : `${resource}.${storageGroup}`,
    storedAs: formatApiVersion(stored),
    unconditionalUpdate: strategy.unconditionalUpdate,
    createOnUpdate: strategy.createOnUpdate,
    rules: builtinRules(builtin),
    showsStored: shared ? (value) => startsWith(value, start) : () => true,
    isCurrent: () => true,
    fromStored: (object) => converted(object, builtin),
    toStored: (object) => converted(object, stored),
    selectableFields: selectableFields(builtin),
    selectableField: (object, path) => selectableField(builtin, object, path),
    table: columns && { columns, cells: (object, now) => tableCells(builtin, object, now) ?? [] },
  };
}

function converted(object: KubeObject, target: BuiltinResource): KubeObject {
  const shown = convertBuiltin(object, target);
  return shown === object ? object : completeBuiltin(target, shown);
}

function sharesStorage(a: BuiltinResource, b: BuiltinResource): boolean {
  return a.resource === b.resource && a.storageGroup === b.storageGroup;
}

function builtinRules(builtin: BuiltinResource): Rules {
  const schema = () => builtinSchema(builtin.definition);
  return {
    schema,
    empty: () => ({ apiVersion: "", kind: "", metadata: {}, ...emptyBuiltin(builtin) }),
    decode: (object) => decodeBuiltin(builtin, object),
    prune: (object) => pruneUnknown(object, schema()),
    applyDefaults: (object) => defaultBuiltin(builtin, object),
    prepareForCreate: (object, user) => prepareForCreate(builtin, object, user),
    prepareForUpdate: (object, live, subresource) =>
      prepareForUpdate(builtin, object, live, subresource === "" || subresource === "scale" ? undefined : subresource),
    validateCreate: (object) => validateBuiltin(builtin, object),
    validateUpdate: (object, live, subresource) => validateBuiltin(builtin, object, live, subresource),
    warnings: (object, live, subresource) => warnOfBuiltin(builtin, object, live, subresource),
  };
}

/** Where built-in kinds keep their replica counts; a ReplicationController has a plain map as its selector. */
const scalePaths: ScalePaths = {
  spec: ["spec", "replicas"],
  status: ["status", "replicas"],
  selector: ["spec", "selector"],
};
