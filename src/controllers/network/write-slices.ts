import { isStatusError } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import type { SharedInformer } from "../../controller-runtime/index.ts";
import type { SliceChanges } from "./decide-slices.ts";
import { type EndpointSlice, endpointSlices } from "./kinds.ts";

/**
 * Writes what was decided, and waits until the cache shows it.
 *
 * @param creates whether new slices may be made: not for an owner that is being deleted
 */
export async function writeSlices(
  client: Client,
  informer: SharedInformer<EndpointSlice>,
  changes: SliceChanges,
  { fieldManager, creates }: { fieldManager: string; creates: boolean },
): Promise<void> {
  let newest = 0;
  const seen = (slice: EndpointSlice) => {
    newest = Math.max(newest, Number(slice.metadata.resourceVersion ?? 0));
  };
  if (creates) {
    for (const slice of changes.create) {
      try {
        seen(await client.create(endpointSlices, slice, { fieldManager }));
      } catch (error) {
        // A namespace that is going away takes in nothing new, and needs nothing.
        if (!isStatusError(error, "Forbidden") && !isStatusError(error, "NotFound")) throw error;
        return;
      }
    }
  }
  for (const slice of changes.update) seen(await client.update(endpointSlices, slice, { fieldManager }));
  for (const slice of changes.delete) {
    const { namespace, name = "" } = slice.metadata;
    await client.delete(endpointSlices, { namespace, name });
    await informer.gone(slice);
  }
  if (newest > 0) await informer.reached(String(newest));
}
