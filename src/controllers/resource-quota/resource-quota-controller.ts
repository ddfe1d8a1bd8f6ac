import { deepEqual, fieldsAt, isStatusError, itemsAt, type KubeObject, numberAt } from "../../apimachinery/index.ts";
import { type CountedResource, meterOf } from "../../apis/index.ts";
import {
  type Client,
  type DiscoveredResource,
  type Resource,
  resourcePath,
  startInformer,
} from "../../client/index.ts";
import { type Result, startController } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";
import type { ResourceWatch } from "../resource-watch.ts";
import { decideStatus, type Inventory, idOf, isWeighed, limitedResources, sameAmounts } from "./usage.ts";

const quotas: Resource = {
  group: "",
  version: "v1",
  resource: "resourcequotas",
  kind: "ResourceQuota",
  namespaced: true,
};

/** How often all is counted again, as kube-controller-manager does (`--resource-quota-sync-period`). */
const recountMs = 5 * 60_000;
/** How soon a quota is looked at again that limits a resource nobody serves yet. */
const unknownMs = 30_000;

/**
 * Keeps the status of ResourceQuotas: the limits as they are asked for, and what is used. The API server adds to it what is
 * made; this takes away what is gone, and counts anew when a quota changes.
 */
export function startResourceQuotaController(context: ControllerContext, resources: ResourceWatch): AsyncDisposable {
  const { client, informers, log, now } = context;
  const all = informers.of(quotas);
  const followed = new Map<string, AsyncDisposable & { synced: Promise<void> }>();

  const controller = startController({
    name: "resource-quota",
    log,
    async reconcile(key): Promise<Result> {
      const [namespace = "", name = ""] = key.split("/", 2);
      const quota = await client.get(quotas, { namespace, name });
      if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return { state: "done" };
      const limited = limitedResources(quota);
      const served = limited.flatMap((resource) => find(resources, resource) ?? []);
      // Whatever goes away after it was counted is told of.
      await Promise.all(served.map(follow));
      // What is read after the quota is at least as new: if it changes meanwhile, the update below conflicts.
      const inventories = await Promise.all(served.map((resource) => takeInventory(client, resource, namespace)));
      const status = decideStatus(quota, inventories, now());
      if (status !== undefined) {
        const conflict = await update(client, { ...quota, status });
        if (conflict) return { state: "retry", reason: "the quota was charged meanwhile", afterMs: 0 };
      }
      return { state: "again", afterMs: served.length < limited.length ? unknownMs : recountMs };
    },
  });

  const enqueue = ({ metadata: { namespace, name } }: KubeObject, afterMs = 0) =>
    controller.enqueue(`${namespace}/${name}`, afterMs);
  /** Quotas of a namespace that count a resource. */
  const recount = (resource: CountedResource, namespace: string | undefined, afterMs = 0) => {
    const meter = meterOf(resource);
    for (const quota of all.inNamespace(namespace ?? "")) {
      if (meter.matching(Object.keys(fieldsAt(quota, "spec", "hard"))).length > 0) enqueue(quota, afterMs);
    }
  };
  const follow = (resource: DiscoveredResource): Promise<void> => {
    const id = idOf(resource);
    const known = followed.get(id) ?? startFollowing(resource);
    followed.set(id, known);
    return known.synced;
  };
  const startFollowing = (resource: DiscoveredResource) => {
    const gone = ({ metadata }: KubeObject) => recount(resource, metadata.namespace);
    if (!isWeighed(resource)) {
      const informer = startInformer(client, resource, { log, metadataOnly: true, onDelete: gone });
      const synced = informer.synced();
      synced.catch(() => {});
      return { synced, [Symbol.asyncDispose]: () => informer[Symbol.asyncDispose]() };
    }
    const meter = meterOf(resource);
    const shared = informers.of(resource);
    const listening = shared.listen({
      onDelete: gone,
      onChange(object, previous) {
        if (previous === undefined) return;
        const { namespace } = object.metadata;
        const changed = !sameAmounts(meter.usage(object, now()), meter.usage(previous, now()));
        if (changed) recount(resource, namespace);
        const leaves = msUntilGone(object, now());
        if (leaves !== undefined) recount(resource, namespace, leaves);
      },
    });
    const synced = shared.synced();
    synced.catch(() => {});
    return { synced, [Symbol.asyncDispose]: async () => listening[Symbol.dispose]() };
  };
  const listening = all.listen({
    onChange(quota, previous) {
      const wanted = (object: KubeObject) => object["spec"];
      // Charges change the status alone, and are right as they are.
      if (previous === undefined || !deepEqual(wanted(quota), wanted(previous))) enqueue(quota);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
      await Promise.all([...followed.values()].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

function find(resources: ResourceWatch, { group, resource }: CountedResource): DiscoveredResource | undefined {
  return resources
    .resources()
    .find((known) => known.group === group && known.resource === resource && known.namespaced);
}

async function takeInventory(client: Client, resource: DiscoveredResource, namespace: string): Promise<Inventory> {
  if (isWeighed(resource)) return { resource, objects: (await client.list(resource, { namespace })).items };
  // The first object, and the server's word for how many follow.
  const page = await client.raw(`${resourcePath(resource, { namespace })}?limit=1`);
  return { resource, count: itemsAt(page, "items").length + numberAt(page, ["metadata", "remainingItemCount"]) };
}

/** @returns whether somebody else has changed the quota meanwhile */
async function update(client: Client, quota: KubeObject): Promise<boolean> {
  try {
    await client.update(quotas, quota, { subresource: "status" });
    return false;
  } catch (error) {
    if (isStatusError(error, "Conflict")) return true;
    if (isStatusError(error, "NotFound")) return false;
    throw error;
  }
}

/** When a pod that is being deleted should be gone and counts no longer. */
function msUntilGone({ metadata }: KubeObject, now: Date): number | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0 } = metadata;
  if (deletionTimestamp === undefined) return undefined;
  // A second more, because the clock must have passed it.
  return Math.max(0, Date.parse(deletionTimestamp) + (grace + 1) * 1000 - now.getTime());
}
