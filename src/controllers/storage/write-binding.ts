import { deepEqual } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import { timeText } from "../compute/pod.ts";
import { claims, type PersistentVolume, type PersistentVolumeClaim, volumeAnnotations, volumes } from "./volumes.ts";

const fieldManager = "kube-controller-manager";

type Written = { claim?: string | undefined; volume?: string | undefined };

/**
 * Binds a claim and a volume to each other, the volume first: what has been done already is left as it is, so that a binding
 * that was interrupted is completed. @returns the newest revisions that were written
 */
export async function bindClaim(
  client: Client,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  now: Date,
): Promise<Written> {
  const reserved = await reserveVolume(client, volume, claim);
  const volumeRevision = await setVolumePhase(client, reserved, { phase: "Bound" }, now);
  const complete = await completeClaim(client, claim, volume);
  const { accessModes = [], capacity = {} } = volume.spec;
  const { status } = complete;
  const isBound =
    status?.phase === "Bound" &&
    deepEqual(status.accessModes, accessModes) &&
    status.capacity?.["storage"] !== undefined;
  const claimRevision = isBound
    ? complete.metadata.resourceVersion
    : await setClaimPhase(client, complete, "Bound", { accessModes, capacity });
  return { claim: claimRevision, volume: volumeRevision };
}

async function reserveVolume(
  client: Client,
  volume: PersistentVolume,
  { metadata }: PersistentVolumeClaim,
): Promise<PersistentVolume> {
  const { claimRef } = volume.spec;
  if (claimRef?.uid === metadata.uid) return volume;
  const { name = "", resourceVersion } = volume.metadata;
  const annotations = claimRef === undefined ? { annotations: { [volumeAnnotations.boundByController]: "yes" } } : {};
  const reference = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
  };
  const patch = { metadata: { resourceVersion, ...annotations }, spec: { claimRef: reference } };
  return await client.patch<PersistentVolume>(volumes, { name }, "merge", patch, { fieldManager });
}

async function completeClaim(
  client: Client,
  claim: PersistentVolumeClaim,
  { metadata }: PersistentVolume,
): Promise<PersistentVolumeClaim> {
  const known = claim.metadata.annotations ?? {};
  const isNamed = claim.spec.volumeName === metadata.name;
  if (isNamed && known[volumeAnnotations.bindCompleted] !== undefined) return claim;
  const { namespace, name = "", resourceVersion } = claim.metadata;
  const annotations = {
    [volumeAnnotations.bindCompleted]: "yes",
    ...(isNamed ? {} : { [volumeAnnotations.boundByController]: "yes" }),
  };
  const patch = { metadata: { resourceVersion, annotations }, spec: { volumeName: metadata.name } };
  return await client.patch<PersistentVolumeClaim>(claims, { namespace, name }, "merge", patch, { fieldManager });
}

/** @returns the revision written, or the one that says so already */
export async function setClaimPhase(
  client: Client,
  claim: PersistentVolumeClaim,
  phase: string,
  granted?: { accessModes: readonly string[]; capacity: Readonly<Record<string, string>> },
): Promise<string | undefined> {
  if (claim.status?.phase === phase && granted === undefined) return claim.metadata.resourceVersion;
  const { namespace, name = "", uid } = claim.metadata;
  const status = { phase, ...(granted ?? { accessModes: null, capacity: null }) };
  const patch = { metadata: { uid }, status };
  const written = await client.patch(claims, { namespace, name }, "merge", patch, {
    fieldManager,
    subresource: "status",
  });
  return written.metadata.resourceVersion;
}

/** @returns the revision written, or the one that says so already */
export async function setVolumePhase(
  client: Client,
  volume: PersistentVolume,
  { phase, message }: { phase: string; message?: string },
  now: Date,
): Promise<string | undefined> {
  const { name = "", uid, resourceVersion } = volume.metadata;
  if (volume.status?.phase === phase) return resourceVersion;
  const status = { phase, message: message ?? null, lastPhaseTransitionTime: timeText(now) };
  const patch = { metadata: { uid }, status };
  const written = await client.patch(volumes, { name }, "merge", patch, { fieldManager, subresource: "status" });
  return written.metadata.resourceVersion;
}

/** Frees a volume from a claim that has another: who kept it for the claim by name keeps it so. */
export async function unbindVolume(client: Client, volume: PersistentVolume, now: Date): Promise<string | undefined> {
  const { name = "", resourceVersion, annotations } = volume.metadata;
  const isOurs = annotations?.[volumeAnnotations.boundByController] !== undefined;
  const patch = isOurs
    ? {
        metadata: { resourceVersion, annotations: { [volumeAnnotations.boundByController]: null } },
        spec: { claimRef: null },
      }
    : { metadata: { resourceVersion }, spec: { claimRef: { uid: null, resourceVersion: null } } };
  const freed = await client.patch<PersistentVolume>(volumes, { name }, "merge", patch, { fieldManager });
  return await setVolumePhase(client, freed, { phase: "Available" }, now);
}
