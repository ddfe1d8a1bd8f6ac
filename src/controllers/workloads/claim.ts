import type { Fields, KubeObject } from "../../apimachinery/index.ts";
import { StatusError } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import type { SharedInformer } from "../../controller-runtime/index.ts";
import { controllerOf, controllerReference } from "./kinds.ts";

/** What an owner does with the objects that it has or that nobody has. */
export type Claims<T> = { keep: T[]; adopt: T[]; release: T[] };

/**
 * Decides which objects belong to an owner: it keeps its own that match, lets go of those that no longer do, and takes in
 * matching ones without a controller. Objects of other controllers are never touched; an owner that is being deleted
 * neither adopts nor releases.
 */
export function decideClaims<T extends KubeObject>(
  owner: KubeObject,
  objects: readonly T[],
  matches: (object: T) => boolean,
): Claims<T> {
  const claims: Claims<T> = { keep: [], adopt: [], release: [] };
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  for (const object of objects) {
    const controller = controllerOf(object);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches(object)) claims.keep.push(object);
      else if (!leaving) claims.release.push(object);
    } else if (!leaving && object.metadata.deletionTimestamp === undefined && matches(object)) {
      claims.adopt.push(object);
    }
  }
  return claims;
}

/** What an owner controls, and what nobody in its namespace does. */
export function candidates<T extends KubeObject>(informer: SharedInformer<T>, { metadata }: KubeObject): T[] {
  const orphans = informer.inNamespace(metadata.namespace ?? "").filter((object) => controllerOf(object) === undefined);
  return [...informer.controlledBy(metadata.uid ?? ""), ...orphans];
}

/**
 * Makes an owner's claims true on the server and waits until the cache shows it.
 *
 * @param dependents the resource of the claimed objects; `finalizer` is what they carry as long as they are claimed
 * @returns the objects that are the owner's now
 * @throws the first error, after every claim has been tried
 */
export async function claim<T extends KubeObject>(
  client: Client,
  owner: { resource: Resource; object: KubeObject },
  dependents: { resource: Resource; informer: SharedInformer<T>; finalizer?: string },
  claims: Claims<T>,
): Promise<T[]> {
  const claimed = [...claims.keep];
  const errors: unknown[] = [];
  const patch = async (object: T, ownerReferences: unknown[], finalizers: Fields = {}): Promise<T | undefined> => {
    const { namespace, name = "", uid } = object.metadata;
    try {
      const body = { metadata: { uid, ownerReferences, ...finalizers } };
      const written = await client.patch<T>(dependents.resource, { namespace, name }, "strategic", body);
      await dependents.informer.reached(written.metadata.resourceVersion);
      return written;
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === "NotFound")) errors.push(error);
      return undefined;
    }
  };
  if (claims.adopt.length > 0) await checkAdoption(client, owner, claims.adopt[0]);
  const { finalizer } = dependents;
  const held = finalizer === undefined ? {} : { finalizers: [finalizer] };
  for (const object of claims.adopt) {
    const adopted = await patch(object, [controllerReference(owner.resource, owner.object)], held);
    if (adopted !== undefined) claimed.push(adopted);
  }
  const free = finalizer === undefined ? {} : { "$deleteFromPrimitiveList/finalizers": [finalizer] };
  for (const object of claims.release)
    await patch(object, [{ $patch: "delete", uid: owner.object.metadata.uid }], free);
  if (errors.length > 0) throw errors[0];
  return claimed;
}

/** The cache may be behind: an owner that has just been deleted or replaced must not take in anything. */
async function checkAdoption(
  client: Client,
  { resource, object }: { resource: Resource; object: KubeObject },
  orphan: KubeObject | undefined,
): Promise<void> {
  const { namespace, name = "", uid } = object.metadata;
  const live = await client.get(resource, { namespace, name });
  if (live?.metadata.uid === uid && live?.metadata.deletionTimestamp === undefined) return;
  throw new Error(
    `Cannot adopt ${orphan?.kind} ${namespace}/${orphan?.metadata.name}: ${resource.kind} ${name} has just been deleted`,
  );
}
