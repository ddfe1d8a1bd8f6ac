import {
  itemsAt,
  type KubeObject,
  listAt,
  parseApiVersion,
  quoteGo,
  StatusError,
  textAt,
} from "../apimachinery/index.ts";
import { type Client, type Resource, resourcePath } from "../client/index.ts";

/** `autoscaling/v1 Scale`: the replica count of anything that has one. */
export type Scale = KubeObject & {
  spec?: { replicas?: number };
  status?: { replicas?: number; selector?: string };
};

/** What a reference names by kind instead of by resource. */
export type TargetReference = { apiVersion?: string; kind: string; name: string };

/**
 * Finds the resources of a kind in the versions that the server has of its group, preferred ones first.
 *
 * @param version the only one to look at; all when it is left out
 * @throws {Error} `no matches for kind …` when the server has none
 */
export async function findResources(
  client: Client,
  { group, kind, version }: { group: string; kind: string; version?: string },
): Promise<(Resource & { hasScale: boolean })[]> {
  const versions = version === undefined ? await versionsOf(client, group) : [version];
  const found: (Resource & { hasScale: boolean })[] = [];
  for (const each of versions) {
    const list = await absentAsUndefined(client.raw(group === "" ? `/api/${each}` : `/apis/${group}/${each}`));
    const all = itemsAt(list, "resources");
    for (const entry of all) {
      const resource = textAt(entry, "name");
      if (textAt(entry, "kind") !== kind || resource.includes("/")) continue;
      const hasScale = all.some((other) => other["name"] === `${resource}/scale` && other["kind"] === "Scale");
      found.push({ group, version: each, resource, kind, namespaced: entry["namespaced"] === true, hasScale });
    }
  }
  if (found.length > 0) return found;
  const where = version === undefined ? `group ${quoteGo(group)}` : `version ${quoteGo(versionText(group, version))}`;
  throw new Error(`no matches for kind ${quoteGo(kind)} in ${where}`);
}

/** Reads the replica count of an object. @throws {StatusError} `NotFound` also when it has none */
export async function readScale(client: Client, resource: Resource, namespace: string, name: string): Promise<Scale> {
  return (await client.raw(resourcePath(resource, { namespace, name }, "scale"))) as Scale;
}

/** The group of what a reference names. @throws {Error} when its version cannot be understood */
export function groupOf({ apiVersion = "" }: TargetReference): string {
  if (apiVersion.split("/").length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
  return apiVersion === "" ? "" : parseApiVersion(apiVersion).group;
}

async function versionsOf(client: Client, group: string): Promise<string[]> {
  if (group === "") return listAt(await client.raw("/api"), "versions").map(String);
  const found = await absentAsUndefined(client.raw(`/apis/${group}`));
  const preferred = textAt(found, "preferredVersion", "version");
  const others = itemsAt(found, "versions").map((version) => textAt(version, "version"));
  return [preferred, ...others.filter((version) => version !== preferred)].filter((version) => version !== "");
}

function versionText(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

async function absentAsUndefined(answer: Promise<unknown>): Promise<unknown> {
  return await answer.catch((error: unknown) => {
    if (error instanceof StatusError && error.reason === "NotFound") return undefined;
    throw error;
  });
}
