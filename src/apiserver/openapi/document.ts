import type { Schema } from "../../apimachinery/index.ts";
import { builtinDefinitions } from "../../apis/index.ts";
import type { ApiVersion } from "../catalog.ts";
import type { ApiResource } from "../resource.ts";
import { commonDefinitions, patchDefinition, pathsOf, reference, subresourceDefinition } from "./operations.ts";

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
      description: "Patch is what changes an object: its form is that of the request's content type.",
    },
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

const apiVersionField = {
  type: "string",
  description:
    "The version of this object's schema. Servers convert what they recognise to their newest form and may reject the rest.",
};
const kindField = {
  type: "string",
  description: "The kind of this object, in CamelCase. Servers may infer it from the endpoint; it cannot be updated.",
};

/** The schema of a CRD with the fields that every object has. */
function customDefinition(resource: ApiResource): unknown {
  const { properties, ...rest } = resource.rules.schema();
  return {
    ...rest,
    type: "object",
    properties: {
      ...properties,
      apiVersion: apiVersionField,
      kind: kindField,
      metadata: metadataField(properties?.["metadata"]),
    },
    "x-kubernetes-group-version-kind": gvkOf(resource, resource.kind),
  };
}

function metadataField(own: Schema | undefined): unknown {
  const description =
    own?.description ??
    "Standard object metadata: name, namespace, labels, annotations and what the server keeps about the object.";
  return { description, allOf: [reference(objectMeta)], default: {} };
}

function customList(resource: ApiResource): unknown {
  return {
    description: `${resource.listKind} is a list of ${resource.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: apiVersionField,
      items: { description: `List of ${resource.resource}.`, type: "array", items: reference(resource.definition) },
      kind: kindField,
      metadata: {
        description: "Where the list ends and at which resource version it was read.",
        allOf: [reference(listMeta)],
        default: {},
      },
    },
    "x-kubernetes-group-version-kind": gvkOf(resource, resource.listKind),
  };
}
