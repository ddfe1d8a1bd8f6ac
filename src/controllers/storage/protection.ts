import { isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { type Result, startController } from "../../controller-runtime/index.ts";
import { isTerminal, keyOf, type Pod, pods, splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import { claimNames } from "../scheduling/volume-filters.ts";
import { claims, type PersistentVolume, type PersistentVolumeClaim, volumes } from "./volumes.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";
const attributesFinalizer = "kubernetes.io/vac-protection";
const attributesClasses: Resource = {
  group: "storage.k8s.io",
  version: "v1",
  resource: "volumeattributesclasses",
  kind: "VolumeAttributesClass",
  namespaced: false,
};

/** Lets claims that are deleted go when no pod on a node uses them any more, as kube-controller-manager does. */
export function startClaimProtection({ client, informers, log }: ControllerContext): AsyncDisposable {
  const informer = informers.of<PersistentVolumeClaim>(claims);
  const podInformer = informers.of<Pod>(pods);
  const controller = startController({
    name: "claim-protection",
    log,
    reconcile: async (key): Promise<Result> => {
      await podInformer.synced();
      const { namespace, name } = splitKey(key);
      const claim = informer.get(namespace, name);
      if (claim === undefined) return { state: "done" };
      const isUsed = async () => {
        if (podInformer.inNamespace(namespace).some((pod) => isUsedBy(pod, claim))) return true;
        // The cache may be behind: only the server's word counts before a claim is given up.
        const live = await client.list<Pod>(pods, { namespace });
        return live.items.some((pod) => isUsedBy(pod, claim));
      };
      await protect(client, claims, claim, claimFinalizer, isUsed);
      return { state: "done" };
    },
  });
  const wake = (pod: Pod) => {
    const { namespace = "" } = pod.metadata;
    for (const { name } of claimNames(pod)) {
      if (informer.get(namespace, name)?.metadata.deletionTimestamp !== undefined)
        controller.enqueue(`${namespace}/${name}`);
    }
  };
  const listening = [
    informer.listen({ onChange: (claim) => controller.enqueue(keyOf(claim)) }),
    podInformer.listen({ onChange: wake, onDelete: wake }),
  ];
  return disposable(controller, listening);
}

function isUsedBy(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if ((pod.spec.nodeName ?? "") === "" || pod.metadata.namespace !== claim.metadata.namespace) return false;
  return claimNames(pod).some(
    ({ name, isEphemeral }) =>
      name === claim.metadata.name && (!isEphemeral || (!isTerminal(pod) && isOwnedBy(claim, pod))),
  );
}

function isOwnedBy({ metadata }: PersistentVolumeClaim, pod: Pod): boolean {
  return (
    metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid) === true
  );
}

/** Lets volumes that are deleted go when no claim has them any more, as kube-controller-manager does. */
export function startVolumeProtection({ client, informers, log }: ControllerContext): AsyncDisposable {
  const informer = informers.of<PersistentVolume>(volumes);
  const controller = startController({
    name: "volume-protection",
    log,
    reconcile: async (name): Promise<Result> => {
      const volume = informer.get(undefined, name);
      if (volume !== undefined)
        await protect(client, volumes, volume, volumeFinalizer, async () => volume.status?.phase === "Bound");
      return { state: "done" };
    },
  });
  const listening = [informer.listen({ onChange: ({ metadata }) => controller.enqueue(metadata.name ?? "") })];
  return disposable(controller, listening);
}

/** Lets VolumeAttributesClasses that are deleted go when no claim and no volume has them any more. */
export function startAttributesProtection({ client, informers, log }: ControllerContext): AsyncDisposable {
  const informer = informers.of(attributesClasses);
  const holders = [informers.of<PersistentVolume>(volumes), informers.of<PersistentVolumeClaim>(claims)] as const;
  const controller = startController({
    name: "attributes-class-protection",
    log,
    reconcile: async (name): Promise<Result> => {
      await Promise.all(holders.map((holder) => holder.synced()));
      const found = informer.get(undefined, name);
      const isUsed = async () =>
        holders.some((holder) => holder.all().some(({ spec }) => spec.volumeAttributesClassName === name));
      if (found !== undefined) await protect(client, attributesClasses, found, attributesFinalizer, isUsed);
      return { state: "done" };
    },
  });
  const wake = () => {
    for (const { metadata } of informer.all())
      if (metadata.deletionTimestamp !== undefined) controller.enqueue(metadata.name ?? "");
  };
  const listening = [
    informer.listen({ onChange: ({ metadata }) => controller.enqueue(metadata.name ?? "") }),
    ...holders.map((holder) => holder.listen({ onDelete: wake })),
  ];
  return disposable(controller, listening);
}

/** Gives what is not being deleted its finalizer, and takes it from what is deleted and not used. */
async function protect(
  client: Client,
  resource: Resource,
  object: KubeObject,
  finalizer: string,
  isUsed: () => Promise<boolean>,
): Promise<void> {
  const { namespace, name = "", finalizers = [], resourceVersion, deletionTimestamp } = object.metadata;
  const isHeld = finalizers.includes(finalizer);
  if ((deletionTimestamp === undefined) === isHeld) return;
  if (deletionTimestamp !== undefined && (await isUsed())) return;
  const wanted = isHeld ? finalizers.filter((other) => other !== finalizer) : [...finalizers, finalizer];
  const patch = { metadata: { resourceVersion, finalizers: wanted } };
  const at = { ...(namespace === undefined ? {} : { namespace }), name };
  await client
    .patch(resource, at, "merge", patch, { fieldManager: "kube-controller-manager" })
    .catch((error: unknown) => {
      // The change that came between brings the object back here.
      if (!isStatusError(error, "Conflict") && !isStatusError(error, "NotFound")) throw error;
    });
}

function disposable(controller: AsyncDisposable, listening: readonly Disposable[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}
