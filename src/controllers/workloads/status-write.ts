import { type KubeObject, StatusError } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import type { SharedInformer } from "../../controller-runtime/index.ts";

/**
 * Writes the status of an owner and waits until the cache shows it. Somebody else's change meanwhile is taken along once,
 * as long as it is still the same object.
 *
 * @param status `undefined` when there is nothing to write
 * @throws {StatusError} `Conflict` when it changes all the time
 */
export async function writeStatus<T extends KubeObject>(
  client: Client,
  resource: Resource,
  informer: SharedInformer<T>,
  object: T,
  status: unknown,
): Promise<void> {
  if (status === undefined) return;
  const write = async (base: T) => {
    const written = await client.update<T>(resource, { ...base, status }, { subresource: "status" });
    await informer.reached(written.metadata.resourceVersion);
  };
  try {
    await write(object);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.reason === "NotFound") return;
    if (error.reason !== "Conflict") throw error;
    const { namespace, name = "", uid } = object.metadata;
    const live = await client.get<T>(resource, { namespace, name });
    if (live?.metadata.uid === uid && live !== undefined) await write(live);
  }
}
