import { formatApiVersion, type JsonObject, parseApiVersion, textAt, textsAt } from "../../apimachinery/index.ts";
import type { Definition, Note } from "../definition.ts";
import { definitionName, type ReadOptions, requireText, scopeOf, versionNotes, writtenVersion } from "./crd.ts";
import { type CompositeRole, crossplaneSpecFields } from "./crossplane-fields.ts";
import { objectAt } from "./json-at.ts";
import { chooseVersion, versionsOf } from "./versions.ts";

/**
 * Makes a definition of a CompositeResourceDefinition of Crossplane: of its claim, where it offers one, as that is what people
 * write; of the composite resource otherwise. The schema is the one Crossplane installs, without the fields that it adds, except
 * for the secret that connection details go to.
 *
 * @throws {SourceError} without group, kind, versions or schema
 */
export function readXrd(object: JsonObject, { file, line, version }: ReadOptions): Definition {
  const place = { file, line };
  const spec = objectAt(object, "spec") ?? {};
  const group = requireText(object, ["spec", "group"], place);
  const role = roleOf(object);
  const namesField = role === "Claim" ? "claimNames" : "names";
  const names = objectAt(spec, namesField) ?? {};
  const kind = requireText(object, ["spec", namesField, "kind"], place);
  const versions = chooseVersion(versionsOf(spec), { wanted: version, place });
  const { name, schema } = versions.chosen;
  const whole = crossplaneSchema(schema, {});
  const { fields, notes } = connectionSecret(spec, role);
  const description = (textAt(schema, "description") || textAt(schema, "properties", "spec", "description")).trim();
  return {
    name: definitionName(group, kind),
    title: kind,
    ...(description !== "" && { description }),
    source: "xrd",
    origin: place,
    subject: {
      kind: "resource",
      apiVersion: formatApiVersion({ group, version: name }),
      resourceKind: kind,
      plural: textAt(names, "plural") || kind.toLowerCase(),
      namespaced: role === "Claim" || role === "Namespaced",
    },
    dialect: "kubernetes",
    schema: withSpecFields(whole, fields),
    prominent: [],
    written: { object, ...scopeOf(spec["scope"]), ...writtenVersion(versions) },
    notes: [...versionNotes(versions), ...claimNotes(spec, role), ...notes],
  };
}

/** What users write of a CompositeResourceDefinition: a claim, or the composite resource of some scope. */
export function roleOf(object: JsonObject): CompositeRole {
  const spec = objectAt(object, "spec") ?? {};
  if (textAt(spec, "claimNames", "kind") !== "") return "Claim";
  const scope = textAt(spec, "scope");
  if (scope === "Namespaced" || scope === "Cluster" || scope === "LegacyCluster") return scope;
  // From v2 on, composite resources are namespaced unless they say something else.
  return /^v[01](?!\d)/.test(parseApiVersion(textAt(object, "apiVersion")).version) ? "LegacyCluster" : "Namespaced";
}

/**
 * The schema of the CustomResourceDefinition that Crossplane makes of a version: it takes over properties, what is required,
 * `oneOf`, rules, and whether unknown fields stay, of `spec` and `status`, and nothing else; its own fields win.
 *
 * @param added fields that Crossplane adds to `spec` and `status`
 */
export function crossplaneSchema(schema: JsonObject, added: { spec?: JsonObject; status?: JsonObject }): JsonObject {
  const written = schema["properties"];
  const maxLength = Math.min(nameLengthMax, lengthOf(objectAt(written, "metadata", "properties", "name")));
  return {
    type: "object",
    required: ["spec"],
    ...taken(schema, ["description", "x-kubernetes-validations"]),
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object", properties: { name: { type: "string", maxLength } } },
      spec: part(objectAt(written, "spec"), added.spec, specKeywords),
      status: part(objectAt(written, "status"), added.status, statusKeywords),
    },
  };
}

/** The name becomes the value of a label. */
const nameLengthMax = 63;
const statusKeywords = ["description", "oneOf", "required", "x-kubernetes-validations"];
const specKeywords = [...statusKeywords, "x-kubernetes-preserve-unknown-fields"];

function lengthOf(name: JsonObject | undefined): number {
  const length = name?.["maxLength"];
  return typeof length === "number" ? length : nameLengthMax;
}

function part(written: JsonObject | undefined, added: JsonObject | undefined, keywords: readonly string[]): JsonObject {
  const properties = [...Object.entries(objectAt(written, "properties") ?? {}), ...Object.entries(added ?? {})];
  return { type: "object", ...taken(written ?? {}, keywords), properties: Object.fromEntries(properties) };
}

function taken(schema: JsonObject, keywords: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keywords.includes(keyword)));
}

/** A copy of the schema of an object with more fields in its `spec`, behind those that are there, which stay as they are. */
export function withSpecFields(schema: JsonObject, fields: JsonObject): JsonObject {
  if (Object.keys(fields).length === 0) return schema;
  const properties = objectAt(schema, "properties");
  const spec = objectAt(properties, "spec");
  const own = objectAt(spec, "properties");
  const all = [
    ...Object.entries(own ?? {}),
    ...Object.entries(fields).filter(([name]) => !Object.hasOwn(own ?? {}, name)),
  ];
  return { ...schema, properties: { ...properties, spec: { ...spec, properties: Object.fromEntries(all) } } };
}

function claimNotes(spec: JsonObject, role: CompositeRole): Note[] {
  const scope = textAt(spec, "scope");
  if (role !== "Claim" || scope === "" || scope === "LegacyCluster") return [];
  return [
    { at: "", message: `Crossplane offers no claims of resources of scope ${scope}, but spec.claimNames asks for one` },
  ];
}

/** What people set themselves of the fields that Crossplane adds: where it writes how to reach what was made. */
function connectionSecret(spec: JsonObject, role: CompositeRole): { fields: JsonObject; notes: Note[] } {
  const keys = textsAt(spec, "connectionSecretKeys");
  if (keys.length === 0) return { fields: {}, notes: [] };
  if (role !== "Claim" && role !== "LegacyCluster") {
    const message = `spec.connectionSecretKeys of the definition has no effect on a resource of scope ${role}`;
    return { fields: {}, notes: [{ at: "", message }] };
  }
  const secret = crossplaneSpecFields(role)["writeConnectionSecretToRef"] ?? {};
  const description = `Secret that Crossplane writes connection details to: ${keys.join(", ")}.`;
  return { fields: { writeConnectionSecretToRef: { ...secret, title: "Connection secret", description } }, notes: [] };
}
