import { isStatusError, itemsAt, textAt } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";

export type ServedResource = Resource & { singular: string };

/**
 * What a cluster serves of one version of a group, such as `apps/v1` or `v1`; nothing when it serves none. Whole discovery fails when any
 * other group of the cluster does not answer.
 */
export async function servedResources(client: Client, apiVersion: string): Promise<ServedResource[]> {
  const [first = "", second] = apiVersion.split("/");
  const [group, version] = second === undefined ? ["", first] : [first, second];
  if (version === "") return [];
  try {
    const answer = await client.raw(group === "" ? `/api/${version}` : `/apis/${group}/${version}`);
    return itemsAt(answer, "resources")
      .filter((resource) => !textAt(resource, "name").includes("/"))
      .map((resource) => ({
        group,
        version,
        resource: textAt(resource, "name"),
        singular: textAt(resource, "singularName"),
        kind: textAt(resource, "kind"),
        namespaced: resource["namespaced"] === true,
      }));
  } catch (error) {
    if (isStatusError(error, "NotFound")) return [];
    throw error;
  }
}
