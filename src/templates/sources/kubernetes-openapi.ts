import { formatApiVersion, isJsonObject, itemsAt, type JsonObject, textAt, valueAt } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { pluralOf } from "./plural.ts";
import type { CarriedSchema } from "./with-references.ts";

const gvkField = "x-kubernetes-group-version-kind";

/**
 * The kinds of a document that a Kubernetes API server serves, `/openapi/v2` or one of `/openapi/v3/...`: those that its paths
 * can create and list. A document with schemas and no paths has all kinds with metadata, of which it does not say where they live.
 *
 * @returns none for a document of anything else
 */
export function kubernetesDefinitions(
  document: JsonObject,
  { file, carry }: { file: string; carry: (schema: JsonObject) => CarriedSchema },
): Definition[] {
  const places = placesOf(document);
  const found: Kind[] = [];
  for (const [name, schema] of Object.entries(schemasOf(document))) {
    if (!isJsonObject(schema)) continue;
    const [gvk, ...others] = itemsAt(schema, gvkField);
    if (gvk === undefined || others.length > 0 || !hasMetadata(schema)) continue;
    const kind = { group: textAt(gvk, "group"), version: textAt(gvk, "version"), kind: textAt(gvk, "kind") };
    const place =
      places.size === 0 && !kind.kind.endsWith("List")
        ? { plural: pluralOf(kind.kind), namespaced: true }
        : places.get(keyOf(kind));
    if (place !== undefined) found.push({ ...kind, ...place, schema, name });
  }
  return namedKinds(found).map(([name, { group, version, kind, plural, namespaced, schema }]) => {
    const description = textAt(schema, "description").trim();
    return {
      name,
      title: kind,
      ...(description !== "" && { description }),
      source: "openapi",
      origin: { file },
      subject: {
        kind: "resource",
        apiVersion: formatApiVersion({ group, version }),
        resourceKind: kind,
        plural,
        namespaced,
      },
      dialect: "kubernetes",
      schema: carry({ ...schema, type: "object" }).schema,
      prominent: [],
      notes: [],
    };
  });
}

function schemasOf(document: JsonObject): JsonObject {
  const components = document["components"];
  const schemas = isJsonObject(components) ? components["schemas"] : document["definitions"];
  return isJsonObject(schemas) ? schemas : {};
}

type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string };
type Place = { readonly plural: string; readonly namespaced: boolean };
type Kind = GroupVersionKind & Place & { readonly schema: JsonObject; readonly name: string };

function keyOf({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}

function hasMetadata(schema: JsonObject): boolean {
  return ["apiVersion", "kind", "metadata"].every((field) => valueAt(schema, "properties", field) !== undefined);
}

/** Where the kinds live that can be created, by group, version and kind. */
function placesOf(document: JsonObject): Map<string, Place> {
  const places = new Map<string, Place>();
  const paths = document["paths"];
  for (const [path, item] of Object.entries(isJsonObject(paths) ? paths : {})) {
    const gvk = valueAt(item, "post", gvkField);
    const match = /^\/(?:api|apis\/[^/]+)\/[^/]+(\/namespaces\/\{namespace\})?\/([^/{}]+)$/.exec(path);
    // What can be created and not be listed is a question, such as a review of access, or a step, such as a binding.
    if (gvk === undefined || match === null || valueAt(item, "get") === undefined) continue;
    const [, namespace, plural = ""] = match;
    const key = keyOf({ group: textAt(gvk, "group"), version: textAt(gvk, "version"), kind: textAt(gvk, "kind") });
    places.set(key, { plural, namespaced: namespace !== undefined });
  }
  return places;
}

/** The most stable version of a kind has its plain name; others have their version behind it. */
function namedKinds(kinds: readonly Kind[]): [name: string, kind: Kind][] {
  const best = new Map<string, Kind>();
  const plain = ({ group, kind }: Kind) =>
    [group, kind]
      .filter((part) => part !== "")
      .join(".")
      .toLowerCase();
  for (const kind of kinds) {
    const known = best.get(plain(kind));
    if (known === undefined || stability(kind.version) > stability(known.version)) best.set(plain(kind), kind);
  }
  return kinds.map((kind) => {
    const name = plain(kind);
    return [best.get(name) === kind ? name : `${name}.${kind.version.toLowerCase()}`, kind];
  });
}

/** Orders versions as Kubernetes does: `v2` over `v1` over `v2beta1` over `v1alpha3`. */
function stability(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return 0;
  const [, major = "0", stage, minor = "0"] = match;
  const rank = stage === undefined ? 3 : stage === "beta" ? 2 : 1;
  return rank * 1e6 + Number(major) * 1e3 + Number(minor);
}
