import { type LabelSelector, matchesLabels, selectorFromObject } from "../../apimachinery/index.ts";
import type { Node } from "../compute/node.ts";
import { matchesNodeSelector } from "../scheduling/node-selector.ts";
import {
  classOfClaim,
  classOfVolume,
  isMeantFor,
  type PersistentVolume,
  type PersistentVolumeClaim,
  sizeOf,
} from "./volumes.ts";

/**
 * The volume that suits a claim best: one that was made for it, else the smallest that is available and large enough.
 *
 * @param options.node where the claim is needed: volumes that cannot be used there are left out
 * @param options.delayed the claim waits for a pod: without a node only a volume made for it is found
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  options: { delayed: boolean; node?: Node },
): PersistentVolume | undefined {
  const selector = selectorOf(claim);
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (volume.spec.claimRef !== undefined && !isMeantFor(volume, claim)) continue;
    if (!isLargeEnough(volume, claim)) continue;
    const usable = options.node === undefined || isUsableOn(volume, options.node);
    if (isMeantFor(volume, claim)) return usable ? volume : undefined;
    if (options.node === undefined && options.delayed) continue;
    if (volume.status?.phase !== "Available" || !usable) continue;
    if (selector !== undefined && !matchesLabels(selector, volume.metadata.labels)) continue;
    if (classOfVolume(volume) !== classOfClaim(claim) || !offersModes(volume, claim)) continue;
    if (best === undefined || sizeOf(volume.spec.capacity) < sizeOf(best.spec.capacity)) best = volume;
  }
  return best;
}

function selectorOf({ spec }: PersistentVolumeClaim): LabelSelector | undefined {
  return spec.selector === undefined ? undefined : selectorFromObject(spec.selector);
}

/** What both kinds of match need: size, mode, attributes, and that it is not going away. */
function isLargeEnough(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (
    sizeOf(volume.spec.capacity) >= sizeOf(claim.spec.resources?.requests) &&
    modeOf(volume) === modeOf(claim) &&
    (volume.spec.volumeAttributesClassName ?? "") === (claim.spec.volumeAttributesClassName ?? "") &&
    volume.metadata.deletionTimestamp === undefined
  );
}

function modeOf({ spec }: PersistentVolume | PersistentVolumeClaim): string {
  return spec.volumeMode ?? "Filesystem";
}

function offersModes({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode) === true);
}

/** Whether the node is one that the volume can be reached from. */
export function isUsableOn({ spec }: PersistentVolume, node: Node): boolean {
  const required = spec.nodeAffinity?.required;
  return required === undefined || matchesNodeSelector(required, node);
}

/** Why a claim cannot have the volume it names; the words are those of the binder. */
export function misfit(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion "${volume.metadata.name}"`;
  if (sizeOf(volume.spec.capacity) < sizeOf(claim.spec.resources?.requests)) return "requested PV is too small";
  if (classOfVolume(volume) !== classOfClaim(claim)) return "storageClassName does not match";
  if ((volume.spec.volumeAttributesClassName ?? "") !== (claim.spec.volumeAttributesClassName ?? ""))
    return "volumeAttributesClassName does not match";
  if (modeOf(volume) !== modeOf(claim)) return "incompatible volumeMode";
  return offersModes(volume, claim) ? undefined : "incompatible accessMode";
}
