import type { Client, Resource } from "../../client/index.ts";
import { trackingIdOf } from "../target/tracking.ts";

/** How many lists are asked for at once. */
const listsMax = 8;

/**
 * The kinds of which applications own objects. What was applied just before a crash is in no status yet, so the cluster is
 * asked for it once. A kind that cannot be listed has nothing that we could have applied.
 */
export async function kindsWithOwnedObjects(client: Client, watchable: readonly Resource[]): Promise<Resource[]> {
  const found: Resource[] = [];
  for (let from = 0; from < watchable.length; from += listsMax) {
    const some = watchable.slice(from, from + listsMax);
    const owning = await Promise.all(
      some.map(async (resource) => {
        const { items } = await client.list(resource, { metadataOnly: true }).catch(() => ({ items: [] }));
        return items.some((item) => trackingIdOf(item) !== undefined);
      }),
    );
    found.push(...some.filter((_, index) => owning[index]));
  }
  return found;
}
