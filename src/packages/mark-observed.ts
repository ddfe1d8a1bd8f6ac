import type { KubeObject } from "../apimachinery/index.ts";
import type { Client, Resource } from "../client/index.ts";
import { annotations, fieldManager } from "./resources.ts";

/**
 * Says on an object for which start of the command it has been looked at: its status was written since, and is about what is
 * there now. Whoever waits for that start waits for this, as a status may be as old as the last run of the platform.
 *
 * @param item as it was when the look began
 */
export async function markObserved(resource: Resource, item: KubeObject, client: Client): Promise<void> {
  const { name = "", namespace, annotations: notes = {} } = item.metadata;
  const startTime = notes[annotations.startTime];
  if (!startTime || notes[annotations.observedStartTime] === startTime) return;
  const patch = { metadata: { annotations: { [annotations.observedStartTime]: startTime } } };
  const at = namespace === undefined ? { name } : { namespace, name };
  await client.patch(resource, at, "merge", patch, { fieldManager });
}
