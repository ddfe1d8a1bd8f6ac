import type { Schema } from "../../apimachinery/index.ts";
import { builtinDefinitions } from "../../apis/index.ts";
import type { ApiVersion } from "../catalog.ts";
import type { ApiResource } from "../resource.ts";
import {
  commonDefinitions,
  patchDefinition,
  pathsOf,
  reference,
  subresourceDefinition,
  watchEventDefinition,
} from "./operations.ts";

/** What one group version adds to an OpenAPI document: its paths, and all definitions they need. */
export type Part = { paths: Record<string, unknown>; schemas: Record<string, unknown> };

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const listMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

export function partOf({ resources }: ApiVersion): Part {
  const paths = Object.assign({}, ...resources.map(pathsOf));
  const builtin = new Set<string>(commonDefinitions);
  const schemas: Record<string, unknown> = {
    [patchDefinition]: {
      type: "object",
      description: "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.",
    },
    ...(resources.some(({ custom, verbs }) => custom === undefined && verbs.includes("watch")) && {
      [watchEventDefinition]: watchEvent,
    }),
  };
  for (const resource of resources) {
    for (const subresource of resource.subresources) {
      const definition = subresourceDefinition(resource, subresource);
      if (definition !== resource.definition) builtin.add(definition);
    }
    if (resource.custom === undefined) {
      builtin.add(resource.definition);
      if (resource.verbs.includes("list")) builtin.add(`${resource.definition}List`);
    } else {
      builtin.add(objectMeta).add(listMeta);
      schemas[resource.definition] = customDefinition(resource);
      schemas[`${resource.definition}List`] = customList(resource);
    }
  }
  return { paths, schemas: { ...builtinDefinitions([...builtin]), ...schemas } };
}

function gvkOf({ group, version }: ApiResource, kind: string) {
  return [{ group, kind, version }];
}

const conventions = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";
const apiVersionField = {
  type: "string",
  description: `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: ${conventions}#resources`,
};
const kindField = {
  type: "string",
  description: `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: ${conventions}#types-kinds`,
};

/** One line of a watch. */
const watchEvent = {
  description: "Event represents a single event to a watched resource.",
  type: "object",
  required: ["type", "object"],
  properties: {
    object: {
      description: "The object as it is after the change, as it was before a deletion, or a Status for an error.",
    },
    type: { type: "string", default: "" },
  },
};

/** The schema of a CRD with the fields that every object has. */
function customDefinition(resource: ApiResource): unknown {
  const { properties, ...rest } = resource.rules.schema();
  const named = new Set(["metadata.name", "metadata.namespace"]);
  const selectable = resource.selectableFields
    .filter((fieldPath) => !named.has(fieldPath))
    .map((fieldPath) => ({ fieldPath }));
  return {
    ...rest,
    type: "object",
    properties: {
      ...withEmbedded(properties),
      apiVersion: apiVersionField,
      kind: kindField,
      metadata: metadataField(properties?.["metadata"]),
    },
    "x-kubernetes-group-version-kind": gvkOf(resource, resource.kind),
    ...(selectable.length > 0 && { "x-kubernetes-selectable-fields": selectable }),
  };
}

/** Objects inside an object have the fields that every object has, too. */
function withEmbedded(properties: Schema["properties"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties ?? {}).map(([name, schema]) => [name, embedded(schema)]));
}

function embedded(schema: Schema): unknown {
  const { properties, items, additionalProperties, ...rest } = schema;
  const isObject = schema["x-kubernetes-embedded-resource"] === true;
  const known = properties && withEmbedded(properties);
  const own = { apiVersion: apiVersionField, kind: kindField, metadata: metadataField(properties?.["metadata"]) };
  return {
    ...rest,
    ...((known !== undefined || isObject) && { properties: { ...known, ...(isObject && own) } }),
    ...(items !== undefined && { items: embedded(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === "object" ? embedded(additionalProperties) : additionalProperties,
    }),
  };
}

function metadataField(own: Schema | undefined): unknown {
  const description = own?.description ?? `Standard object's metadata. More info: ${conventions}#metadata`;
  return { description, allOf: [reference(objectMeta)] };
}

function customList(resource: ApiResource): unknown {
  return {
    description: `${resource.listKind} is a list of ${resource.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: apiVersionField,
      items: {
        description: `List of ${resource.resource}. More info: ${conventions}`,
        type: "array",
        items: reference(resource.definition),
      },
      kind: kindField,
      metadata: {
        description: `Standard list metadata. More info: ${conventions}#types-kinds`,
        allOf: [reference(listMeta)],
      },
    },
    "x-kubernetes-group-version-kind": gvkOf(resource, resource.listKind),
  };
}
