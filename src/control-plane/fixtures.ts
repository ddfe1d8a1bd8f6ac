import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { isFields, type KubeObject, parseYamlDocuments, textAt, valueAt } from "../apimachinery/index.ts";
import type { Client, Resource } from "../client/index.ts";

/** An object, or the path of a YAML or JSON file or of a directory of such files, read with its sub-directories. */
export type Fixture = KubeObject | string;

const extensions = new Set([".yaml", ".yml", ".json"]);
const fieldManager = "skiff-fixtures";
const crds: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

/**
 * Applies fixtures server-side: CRDs first, then namespaces, then the rest in the order given. Namespaces that objects name
 * are made when they are absent.
 *
 * @returns the objects as the server has them, in the order given
 * @throws {StatusError} what the server refuses; {Error} with the file for what is no object, or of a kind that is not served
 */
export async function applyFixtures(client: Client, fixtures: readonly Fixture[]): Promise<KubeObject[]> {
  const objects = fixtures.flatMap((fixture) => (typeof fixture === "string" ? readFixture(fixture) : [fixture]));
  const applied = new Map<KubeObject, KubeObject>();
  for (const crd of objects.filter(isCrd)) applied.set(crd, await apply(client, crds, crd));
  const resources = new Map<string, Resource>();
  for (const resource of await client.discover()) resources.set(`${apiVersionOf(resource)}/${resource.kind}`, resource);
  const resourceOf = ({ apiVersion, kind, metadata }: KubeObject): Resource => {
    const found = resources.get(`${apiVersion}/${kind}`);
    if (found === undefined)
      throw new Error(`Cannot apply ${kind} ${metadata.name}: ${apiVersion} ${kind} is not served`);
    return found;
  };
  for (const namespace of objects.filter(isNamespace))
    applied.set(namespace, await apply(client, resourceOf(namespace), namespace));
  for (const object of objects) {
    if (applied.has(object)) continue;
    const resource = resourceOf(object);
    const { namespace = resource.namespaced ? "default" : undefined } = object.metadata;
    if (namespace !== undefined) await ensureNamespace(client, resources.get("v1/Namespace"), namespace);
    const placed = namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
    applied.set(object, await apply(client, resource, placed));
  }
  return objects.map((object) => applied.get(object) ?? object);
}

async function apply(client: Client, resource: Resource, object: KubeObject): Promise<KubeObject> {
  const { namespace, name = "" } = object.metadata;
  const at = namespace === undefined ? { name } : { namespace, name };
  return await client.patch(resource, at, "apply", object, { fieldManager, force: true, fieldValidation: "Strict" });
}

async function ensureNamespace(client: Client, resource: Resource | undefined, name: string): Promise<void> {
  if (resource === undefined || (await client.get(resource, { name })) !== undefined) return;
  await client.create(resource, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, { fieldManager });
}

function readFixture(path: string): KubeObject[] {
  if (statSync(path).isDirectory()) {
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    return entries
      .filter((entry) => entry.isDirectory() || extensions.has(extname(entry.name)))
      .flatMap((entry) => readFixture(join(path, entry.name)));
  }
  return parseYamlDocuments(readFileSync(path, "utf8"), { file: path, integers: "exact" }).flatMap(({ value, line }) =>
    objectsOf(value, `${path}:${line}`),
  );
}

/** A document may be one object or a `List` of them. */
function objectsOf(value: unknown, where: string): KubeObject[] {
  const items = valueAt(value, "items");
  if (textAt(value, "kind").endsWith("List") && Array.isArray(items))
    return items.flatMap((item) => objectsOf(item, where));
  if (!isObject(value))
    throw new Error(`Cannot read ${where}: it is no object with apiVersion, kind and metadata.name`);
  return [value];
}

function isObject(value: unknown): value is KubeObject {
  return (
    isFields(value) &&
    textAt(value, "apiVersion") !== "" &&
    textAt(value, "kind") !== "" &&
    textAt(value, "metadata", "name") !== ""
  );
}

function isCrd({ apiVersion, kind }: KubeObject): boolean {
  return kind === "CustomResourceDefinition" && apiVersion === "apiextensions.k8s.io/v1";
}

function isNamespace({ apiVersion, kind }: KubeObject): boolean {
  return kind === "Namespace" && apiVersion === "v1";
}

function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}
