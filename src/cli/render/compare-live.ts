import { type KubeObject, parseApiVersion, stringifyYaml } from "../../apimachinery/index.ts";
import type { Client, DiscoveredResource, Resource } from "../../client/index.ts";
import { resourcePath } from "../../client/index.ts";
import { type IgnoredPaths, withoutPaths } from "../../gitops/index.ts";
import { unifiedDiff } from "./unified-diff.ts";

/** Who applies what GitOps applies; fields of others stay. */
const fieldManager = "argocd-controller";

/** The resources of a cluster. */
export type Kinds = {
  find(object: { apiVersion?: string; kind?: string }): Resource | undefined;
  /** In any version. */
  findKind(group: string, kind: string): Resource | undefined;
};

export async function discoverKinds(client: Client): Promise<Kinds> {
  const known = new Map<string, DiscoveredResource>();
  for (const resource of await client.discover())
    known.set(`${resource.group}/${resource.version}/${resource.kind}`, resource);
  return {
    find({ apiVersion = "", kind = "" }) {
      const { group, version } = parseApiVersion(apiVersion);
      return known.get(`${group}/${version}/${kind}`);
    },
    findKind: (group, kind) =>
      [...known.values()].find((resource) => resource.group === group && resource.kind === kind),
  };
}

/** Reads objects of the cluster for `lookup`, as Helm does: what is not there is an empty object. */
export function lookupIn(client: Client, kinds: Kinds) {
  return async (apiVersion: string, kind: string, namespace: string, name: string) => {
    const resource = kinds.find({ apiVersion, kind });
    if (resource === undefined) return {};
    const at = { ...(namespace !== "" && resource.namespaced && { namespace }), ...(name !== "" && { name }) };
    try {
      const found = await client.raw(resourcePath(resource, at));
      return JSON.parse(JSON.stringify(found));
    } catch (error) {
      if (error instanceof Error && "reason" in error && error.reason === "NotFound") return {};
      throw error;
    }
  };
}

/**
 * Compares objects with those in the cluster as an apply would leave them, which the server is asked about.
 *
 * @param extra objects of the cluster that nobody wants any more
 * @param ignored fields that do not count
 * @returns differences as `diff -u` shows them; empty when an apply would change nothing
 */
export async function compareLive(
  wanted: readonly KubeObject[],
  extra: readonly KubeObject[],
  { client, kinds }: { client: Client; kinds: Kinds },
  ignored: IgnoredPaths,
): Promise<string> {
  const differences: string[] = [];
  for (const object of wanted) {
    const live = await liveOf(object, { client, kinds });
    const next = await predict(object, { client, kinds });
    const counted = (one: KubeObject) => withoutPaths(one, ignored(one, live ?? one));
    differences.push(difference(live && counted(live), counted(next)));
  }
  for (const object of extra) differences.push(difference(await liveOf(object, { client, kinds }), undefined));
  return differences.join("");
}

type Cluster = { client: Client; kinds: Kinds };

async function liveOf(object: KubeObject, { client, kinds }: Cluster): Promise<KubeObject | undefined> {
  const resource = kinds.find(object);
  const { name = "", namespace } = object.metadata;
  if (resource === undefined || name === "") return undefined;
  return await client.get(resource, { name, ...(namespace !== undefined && { namespace }) });
}

/** What an apply would leave. Kinds and namespaces that come with it are not there yet to ask about. */
async function predict(object: KubeObject, { client, kinds }: Cluster): Promise<KubeObject> {
  const resource = kinds.find(object);
  const { name = "", namespace } = object.metadata;
  if (resource === undefined || name === "") return object;
  const at = { name, ...(namespace !== undefined && { namespace }) };
  try {
    return await client.patch(resource, at, "apply", object, { fieldManager, force: true, dryRun: true });
  } catch (error) {
    if (error instanceof Error && "reason" in error && error.reason === "NotFound") return object;
    throw error;
  }
}

/** Compares two objects, either of which may be absent. */
export function difference(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  names: { before: string; after: string } = { before: "live", after: "rendered" },
): string {
  const named = after ?? before;
  if (named === undefined) return "";
  const [shownBefore, shownAfter] = masked(before && tidied(before), after && tidied(after));
  const { namespace, name, generateName } = named.metadata;
  const title = [named.apiVersion, named.kind, namespace, name ?? generateName].filter(Boolean).join("/");
  const text = (object: KubeObject | undefined) => (object === undefined ? "" : stringifyYaml(object));
  return unifiedDiff(text(shownBefore), text(shownAfter), {
    before: `${names.before}/${title}`,
    after: `${names.after}/${title}`,
  });
}

/** Takes away what only the server writes. */
function tidied(object: KubeObject): KubeObject {
  const { status, ...rest } = object;
  const { managedFields, resourceVersion, uid, creationTimestamp, generation, selfLink, ...metadata } =
    object.metadata as KubeObject["metadata"] & { selfLink?: string };
  const { annotations } = metadata;
  const { "kubectl.kubernetes.io/last-applied-configuration": _, ...kept } = annotations ?? {};
  const isEmpty = Object.keys(kept).length === 0;
  const { annotations: _annotations, ...others } = metadata;
  return { ...rest, metadata: { ...others, ...(!isEmpty && { annotations: kept }) } } as KubeObject;
}

/** Values of Secrets are not shown, only whether they differ. */
function masked(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): [KubeObject | undefined, KubeObject | undefined] {
  if ((before ?? after)?.kind !== "Secret") return [before, after];
  const mask = (object: KubeObject | undefined, other: KubeObject | undefined, which: string) => {
    const data = dataOf(object);
    if (object === undefined || data === undefined) return object;
    const shown = Object.entries(data).map(([key, value]) => {
      const theirs = dataOf(other)?.[key];
      return [key, theirs === undefined || theirs === value ? "***" : `*** (${which})`];
    });
    return { ...object, data: Object.fromEntries(shown) };
  };
  return [mask(before, after, "before"), mask(after, before, "after")];
}

function dataOf(object: KubeObject | undefined): Record<string, unknown> | undefined {
  const data = object?.["data"];
  return typeof data === "object" && data !== null && !Array.isArray(data) ? { ...data } : undefined;
}
