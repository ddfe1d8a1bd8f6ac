import { isStatusError } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { type Pod, pods, splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import { claimNames } from "../scheduling/volume-filters.ts";
import { type ClaimContext, type ClaimStep, decideClaim } from "./decide-claim.ts";
import { decideReclaim, decideVolume } from "./decide-volume.ts";
import {
  claims,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClasses,
  volumeAnnotations,
  volumes,
} from "./volumes.ts";
import { bindClaim, setClaimPhase, setVolumePhase, unbindVolume } from "./write-binding.ts";

const fieldManager = "kube-controller-manager";
const claimPrefix = "claim/";
const volumePrefix = "volume/";

/** Binds claims and volumes to each other, as kube-controller-manager does. */
export function startVolumeBinder({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const claimInformer = informers.of<PersistentVolumeClaim>(claims);
  const volumeInformer = informers.of<PersistentVolume>(volumes);
  const classInformer = informers.of<StorageClass>(storageClasses);
  const podInformer = informers.of<Pod>(pods);
  const all = [claimInformer, volumeInformer, classInformer, podInformer];
  const record = createEventRecorder(client, "persistentvolume-controller", log, now);

  const contextOf = ({ metadata }: PersistentVolumeClaim): ClaimContext => ({
    volumes: volumeInformer.all(),
    volume: (name) => volumeInformer.get(undefined, name),
    storageClass: (name) => classInformer.get(undefined, name),
    storageClasses: classInformer.all(),
    waitingPods: podInformer
      .inNamespace(metadata.namespace ?? "")
      .filter((pod) => (pod.spec.nodeName ?? "") === "" && uses(pod, metadata.name ?? ""))
      .map((pod) => pod.metadata.name ?? ""),
  });
  const syncClaim = async (claim: PersistentVolumeClaim) => {
    const step = decideClaim(claim, contextOf(claim));
    const written = await actOnClaim(client, claim, step, now());
    const event = "event" in step ? step.event : undefined;
    const isNews = step.do !== "lose" || claim.status?.phase !== "Lost";
    if (event !== undefined && isNews) record(claim, event.type, event.reason, event.message);
    await Promise.all([claimInformer.reached(written.claim), volumeInformer.reached(written.volume)]);
  };
  const syncVolume = async (volume: PersistentVolume) => {
    const { claimRef } = volume.spec;
    const claim = claimRef === undefined ? undefined : await findClaim(volume);
    const step = decideVolume(volume, claim);
    switch (step.do) {
      case "nothing":
        return;
      case "phase":
        await volumeInformer.reached(await setVolumePhase(client, volume, { phase: step.phase }, now()));
        return;
      case "wake-claim":
        controller.enqueue(`${claimPrefix}${claimRef?.namespace}/${claimRef?.name}`);
        return;
      case "unbind":
        await volumeInformer.reached(await unbindVolume(client, volume, now()));
        return;
      case "reclaim": {
        const { phase = "" } = volume.status ?? {};
        const outcome = decideReclaim(volume);
        if (phase === "Failed" || (phase === "Released" && outcome.phase === "Released")) return;
        await volumeInformer.reached(await setVolumePhase(client, volume, outcome, now()));
        if (outcome.phase === "Failed") record(volume, "Warning", outcome.reason, outcome.message);
      }
    }
  };
  /** Before a volume is given up, only the server's word counts that its claim is gone. */
  const findClaim = async ({ spec: { claimRef }, status }: PersistentVolume) => {
    if (claimRef === undefined) return undefined;
    const { namespace, name } = claimRef;
    const known = claimInformer.get(namespace, name);
    const isSettled = status?.phase === "Released" || status?.phase === "Failed";
    if (isSettled || (known !== undefined && known.metadata.uid === claimRef.uid)) return known;
    return await client.get<PersistentVolumeClaim>(claims, { namespace, name });
  };
  const controller = startController({
    name: "volume-binder",
    log,
    // One at a time: two claims must not be given the same volume.
    concurrency: 1,
    reconcile: async (key): Promise<Result> => {
      await Promise.all(all.map((informer) => informer.synced()));
      try {
        if (key.startsWith(volumePrefix)) {
          const volume = volumeInformer.get(undefined, key.slice(volumePrefix.length));
          if (volume !== undefined) await syncVolume(volume);
        } else {
          const { namespace, name } = splitKey(key.slice(claimPrefix.length));
          const claim = claimInformer.get(namespace, name);
          if (claim !== undefined && claim.metadata.deletionTimestamp === undefined) await syncClaim(claim);
        }
      } catch (error) {
        // Somebody else has written: the event of that brings it back here.
        if (!isStatusError(error, "Conflict") && !isStatusError(error, "NotFound")) throw error;
      }
      return { state: "done" };
    },
  });
  const enqueueClaim = ({ metadata }: { metadata: { namespace?: string; name?: string } }) =>
    controller.enqueue(`${claimPrefix}${metadata.namespace}/${metadata.name}`);
  const enqueueVolume = (name: string | undefined) => {
    if (name !== undefined && name !== "") controller.enqueue(`${volumePrefix}${name}`);
  };
  const enqueuePending = () => {
    for (const claim of claimInformer.all()) if (claim.status?.phase !== "Bound") enqueueClaim(claim);
  };
  const listening = [
    claimInformer.listen({
      onChange(claim) {
        enqueueClaim(claim);
        enqueueVolume(claim.spec.volumeName);
      },
      onDelete(claim) {
        enqueueVolume(claim.spec.volumeName);
        for (const { spec, metadata } of volumeInformer.all())
          if (spec.claimRef?.uid === claim.metadata.uid) enqueueVolume(metadata.name);
      },
    }),
    volumeInformer.listen({
      onChange(volume, previous) {
        enqueueVolume(volume.metadata.name);
        if (volume.spec.claimRef !== undefined)
          enqueueClaim({ metadata: { namespace: volume.spec.claimRef.namespace, name: volume.spec.claimRef.name } });
        const isFree = volume.spec.claimRef === undefined && volume.status?.phase === "Available";
        if (isFree && previous?.status?.phase !== "Available") enqueuePending();
      },
      onDelete(volume) {
        const { claimRef } = volume.spec;
        if (claimRef !== undefined) enqueueClaim({ metadata: { namespace: claimRef.namespace, name: claimRef.name } });
      },
    }),
    classInformer.listen({ onChange: enqueuePending }),
    podInformer.listen({
      onChange(pod, previous) {
        if (previous !== undefined) return;
        const { namespace = "" } = pod.metadata;
        for (const { name } of claimNames(pod)) {
          const claim = claimInformer.get(namespace, name);
          if (claim !== undefined && claim.status?.phase !== "Bound") enqueueClaim(claim);
        }
      },
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

function uses(pod: Pod, claim: string): boolean {
  return claimNames(pod).some(({ name }) => name === claim);
}

/** @returns the newest revisions that were written */
async function actOnClaim(
  client: Client,
  claim: PersistentVolumeClaim,
  step: ClaimStep,
  now: Date,
): Promise<{ claim?: string | undefined; volume?: string | undefined }> {
  const { namespace, name = "", resourceVersion } = claim.metadata;
  const at = { namespace, name };
  switch (step.do) {
    case "bind":
      return await bindClaim(client, claim, step.volume, now);
    case "wait":
      return { claim: await setClaimPhase(client, claim, "Pending") };
    case "lose":
      return { claim: await setClaimPhase(client, claim, "Lost") };
    case "use-class": {
      const patch = { metadata: { resourceVersion }, spec: { storageClassName: step.name } };
      const written = await client.patch(claims, at, "merge", patch, { fieldManager });
      return { claim: written.metadata.resourceVersion };
    }
    case "provision": {
      const { storageProvisioner, betaStorageProvisioner } = volumeAnnotations;
      if (claim.metadata.annotations?.[storageProvisioner] === step.provisioner) return {};
      const annotations = { [storageProvisioner]: step.provisioner, [betaStorageProvisioner]: step.provisioner };
      const patch = { metadata: { resourceVersion, annotations } };
      const written = await client.patch(claims, at, "merge", patch, { fieldManager });
      return { claim: written.metadata.resourceVersion };
    }
  }
}
