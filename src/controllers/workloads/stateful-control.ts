import { StatusError } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import type { EventRecorder, SharedInformer } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import { type Claim, type Pod, persistentVolumeClaims, pods as podResource, type StatefulSet } from "./kinds.ts";
import { hasCause } from "./owner-loop.ts";
import type { StatefulStep } from "./stateful-plan.ts";
import { claimOwners, claimsOf, consistentPod, hasConflict, hasStorage, nameOf } from "./stateful-pod.ts";

/** Takes the steps of a plan, with the events that kube-controller-manager records, and waits until the caches show it. */
export function createStatefulControl(
  client: Client,
  caches: { pods: SharedInformer<Pod>; claims: SharedInformer<Claim> },
  record: EventRecorder,
): { take(set: StatefulSet, step: StatefulStep): Promise<void> } {
  const tell = (set: StatefulSet, verb: "create" | "update" | "delete", pod: Pod, error?: unknown) => {
    const title = verb.charAt(0).toUpperCase() + verb.slice(1);
    const what = `${verb} Pod ${nameOf(pod)} in StatefulSet ${nameOf(set)}`;
    if (error === undefined) record(set, "Normal", `Successful${title}`, `${what} successful`);
    else record(set, "Warning", `Failed${title}`, `${what} failed error: ${errorText(error)}`);
  };
  /** Does something and says how it went; a namespace that goes away is no news. */
  const telling = async (
    set: StatefulSet,
    verb: "create" | "update" | "delete",
    pod: Pod,
    run: () => Promise<boolean>,
  ) => {
    try {
      if (await run()) tell(set, verb, pod);
    } catch (error) {
      const expected = error instanceof StatusError && error.reason === "AlreadyExists";
      if (!expected && !hasCause(error, "NamespaceTerminating")) tell(set, verb, pod, error);
      throw error;
    }
  };
  const createClaims = async (set: StatefulSet, pod: Pod) => {
    const problems: string[] = [];
    for (const wanted of claimsOf(set, pod)) {
      const { name = "", namespace } = wanted.metadata;
      const live = caches.claims.get(namespace, name);
      if (live?.metadata.deletionTimestamp !== undefined) problems.push(`pvc ${name} is being deleted`);
      if (live !== undefined) continue;
      try {
        const created = await client.create(persistentVolumeClaims, wanted);
        await caches.claims.reached(created.metadata.resourceVersion);
        const message = `create Claim ${name} Pod ${nameOf(pod)} in StatefulSet ${nameOf(set)} success`;
        record(set, "Normal", "SuccessfulCreate", message);
      } catch (error) {
        problems.push(`failed to create PVC ${name}: ${errorText(error)}`);
        if (error instanceof StatusError && error.reason === "AlreadyExists") continue;
        const message = `create Claim ${name} for Pod ${nameOf(pod)} in StatefulSet ${nameOf(set)} failed error: ${errorText(error)}`;
        record(set, "Warning", "FailedCreate", message);
      }
    }
    if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`);
  };
  /** @returns whether a claim has got other owners */
  const ownClaims = async (set: StatefulSet, pod: Pod): Promise<boolean> => {
    let changed = false;
    for (const { metadata } of claimsOf(set, pod)) {
      const { name = "", namespace } = metadata;
      const live = caches.claims.get(namespace, name);
      if (live === undefined) continue;
      if (hasConflict(set, pod, live)) {
        const message = `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`;
        record(set, "Warning", "ConflictingController", message);
      }
      const ownerReferences = claimOwners(set, pod, live);
      if (ownerReferences === undefined) continue;
      const owned = { ...live, metadata: { ...live.metadata, ownerReferences } };
      const written = await client.update(persistentVolumeClaims, owned);
      await caches.claims.reached(written.metadata.resourceVersion);
      changed = true;
    }
    return changed;
  };
  const repair = async (set: StatefulSet, pod: Pod): Promise<boolean> => {
    if (!hasStorage(set, pod)) await createClaims(set, pod);
    await ownClaims(set, pod);
    const written = await client.update(podResource, consistentPod(set, pod));
    await caches.pods.reached(written.metadata.resourceVersion);
    return true;
  };
  const take = async (set: StatefulSet, { do: what, pod }: StatefulStep): Promise<void> => {
    switch (what) {
      case "create":
        return await telling(set, "create", pod, async () => {
          await createClaims(set, pod);
          const created = await client.create(podResource, pod);
          await caches.pods.reached(created.metadata.resourceVersion);
          await ownClaims(set, pod);
          return true;
        });
      case "claim":
        await createClaims(set, pod);
        await telling(set, "update", pod, async () => {
          await ownClaims(set, pod);
          return false;
        });
        return;
      case "repair":
        return await telling(set, "update", pod, async () => await repair(set, pod));
      case "release":
        await ownClaims(set, pod);
        return;
      case "delete":
        return await telling(set, "delete", pod, async () => {
          const { namespace, name = "", uid = "" } = pod.metadata;
          const answer = await client.delete(podResource, { namespace, name }, { preconditions: { uid } });
          await caches.pods.gone(pod);
          return answer !== undefined;
        });
    }
  };
  return { take };
}
