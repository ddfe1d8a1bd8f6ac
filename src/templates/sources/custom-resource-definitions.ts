import { type JsonObject, parseApiVersion, textAt } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { type CompositeRole, crossplaneSpecFields, crossplaneStatusFields } from "./crossplane-fields.ts";
import { objectAt, objectsAt } from "./json-at.ts";
import { mapInner } from "./schema-walk.ts";
import { crossplaneSchema, roleOf } from "./xrd.ts";

/**
 * The CustomResourceDefinitions that serve the kind of a definition: a CustomResourceDefinition itself, in v1; those that
 * Crossplane makes of a CompositeResourceDefinition, of the composite resource and its claim; the one that kro makes of a graph.
 *
 * @returns none for a definition that is not of a custom resource
 */
export function customResourceDefinitions(definition: Definition): JsonObject[] {
  const { written, subject, source } = definition;
  if (written === undefined || subject.kind !== "resource") return [];
  if (source === "crd") return [asV1(written.object)];
  if (source === "xrd") return fromXrd(written.object);
  return [fromSchema({ ...subject, object: written.object, schema: written.schema })];
}

const definitionVersion = "apiextensions.k8s.io/v1";

/** In v1 each version has what in v1beta1 could be said once for all; fields that nobody described stay as they are. */
function asV1(object: JsonObject): JsonObject {
  if (textAt(object, "apiVersion") !== "apiextensions.k8s.io/v1beta1") return object;
  const { validation, subresources, additionalPrinterColumns, version, preserveUnknownFields, ...spec } =
    objectAt(object, "spec") ?? {};
  const listed = objectsAt(spec, "versions");
  const written: JsonObject[] = listed.length > 0 ? listed : [{ name: version ?? "", served: true, storage: true }];
  const versions = written.map((one) => {
    const { additionalPrinterColumns: ownColumns, ...rest } = one;
    const holder = objectsAt({ columns: ownColumns ?? additionalPrinterColumns ?? [] }, "columns");
    const columns = holder.map(({ JSONPath, ...column }) => ({ ...column, jsonPath: JSONPath ?? "" }));
    const schema = objectAt(one, "schema", "openAPIV3Schema") ?? objectAt(validation, "openAPIV3Schema") ?? {};
    const open: JsonObject = preserveUnknownFields === false ? {} : { "x-kubernetes-preserve-unknown-fields": true };
    return {
      ...(subresources !== undefined && { subresources }),
      ...rest,
      schema: { openAPIV3Schema: { type: "object", ...schema, ...open } },
      ...(columns.length > 0 && { additionalPrinterColumns: columns }),
    };
  });
  const scope = textAt(spec, "scope") || "Namespaced";
  return {
    ...object,
    apiVersion: definitionVersion,
    spec: { ...spec, scope, versions, conversion: { strategy: "None" } },
  };
}

function fromXrd(object: JsonObject): JsonObject[] {
  const role = roleOf(object);
  // What is claimed is a composite resource as in v1.
  return role === "Claim"
    ? [compositeCrd(object, "LegacyCluster"), compositeCrd(object, "Claim")]
    : [compositeCrd(object, role)];
}

function compositeCrd(object: JsonObject, role: CompositeRole): JsonObject {
  const spec = objectAt(object, "spec") ?? {};
  const names = objectAt(spec, role === "Claim" ? "claimNames" : "names") ?? {};
  const group = textAt(spec, "group");
  const added = { spec: crossplaneSpecFields(role, spec), status: crossplaneStatusFields(role) };
  const categories = Array.isArray(names["categories"]) ? names["categories"] : [];
  return {
    apiVersion: definitionVersion,
    kind: "CustomResourceDefinition",
    metadata: { name: `${textAt(names, "plural")}.${group}` },
    spec: {
      group,
      scope: role === "Claim" || role === "Namespaced" ? "Namespaced" : "Cluster",
      names: { ...names, categories: [...categories, role === "Claim" ? "claim" : "composite"] },
      versions: objectsAt(spec, "versions").map((version) => {
        const written = objectAt(version, "schema", "openAPIV3Schema") ?? {};
        const schema = crossplaneSchema(withKnownKeywords(written), added);
        return {
          name: textAt(version, "name"),
          served: version["served"] !== false,
          storage: version["referenceable"] === true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {} },
        };
      }),
    },
  };
}

/** All that a schema of a CustomResourceDefinition may have; Crossplane loses the rest when it reads a definition. */
const keywords = new Set([
  ..."$ref $schema additionalItems additionalProperties allOf anyOf default definitions dependencies description enum".split(
    " ",
  ),
  ..."example exclusiveMaximum exclusiveMinimum externalDocs format id items maxItems maxLength maxProperties maximum".split(
    " ",
  ),
  ..."minItems minLength minProperties minimum multipleOf not nullable oneOf pattern patternProperties properties".split(
    " ",
  ),
  ..."required title type uniqueItems x-kubernetes-embedded-resource x-kubernetes-int-or-string".split(" "),
  ..."x-kubernetes-list-map-keys x-kubernetes-list-type x-kubernetes-map-type".split(" "),
  ..."x-kubernetes-preserve-unknown-fields x-kubernetes-validations".split(" "),
]);

function withKnownKeywords(schema: JsonObject): JsonObject {
  const known = Object.entries(schema).filter(([keyword]) => keywords.has(keyword));
  return mapInner(Object.fromEntries(known), withKnownKeywords);
}

type Named = { apiVersion: string; resourceKind: string; plural: string; namespaced: boolean };

function fromSchema(named: Named & { object: JsonObject; schema: JsonObject }): JsonObject {
  const { group, version } = parseApiVersion(named.apiVersion);
  const status: JsonObject = {
    type: "object",
    properties: {
      state: { type: "string" },
      conditions: { type: "array", items: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    },
    "x-kubernetes-preserve-unknown-fields": true,
  };
  const schema = { ...named.schema, properties: { ...objectAt(named.schema, "properties"), status } };
  return {
    apiVersion: definitionVersion,
    kind: "CustomResourceDefinition",
    metadata: { name: `${named.plural}.${group}` },
    spec: {
      group,
      scope: named.namespaced ? "Namespaced" : "Cluster",
      names: {
        kind: named.resourceKind,
        listKind: `${named.resourceKind}List`,
        plural: named.plural,
        singular: named.resourceKind.toLowerCase(),
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {} },
        },
      ],
    },
  };
}
