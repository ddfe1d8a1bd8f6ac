import { textAt } from "../../apimachinery/index.ts";
import { type PersistentVolume, type PersistentVolumeClaim, volumeAnnotations } from "./volumes.ts";

/** What is to be done about a volume. */
export type VolumeStep =
  | { do: "nothing" }
  | { do: "phase"; phase: "Available" | "Bound" }
  /** Its claim is where it should be, and has to be looked at. */
  | { do: "wake-claim" }
  /** Its claim has gone, or has another volume. */
  | { do: "reclaim" }
  /** It was kept for a claim that has another volume. */
  | { do: "unbind" };

/** @param claim the one that the volume refers to by name, whatever its uid */
export function decideVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumeStep {
  const { claimRef } = volume.spec;
  if (claimRef === undefined || (claimRef.uid ?? "") === "") {
    if (claimRef !== undefined && claim !== undefined)
      return volume.status?.phase === "Available" ? { do: "wake-claim" } : { do: "phase", phase: "Available" };
    return { do: "phase", phase: "Available" };
  }
  if (claim === undefined || claim.metadata.uid !== claimRef.uid) return { do: "reclaim" };
  const { volumeName = "" } = claim.spec;
  if (volumeName === "") return { do: "wake-claim" };
  if (volumeName === volume.metadata.name) return { do: "phase", phase: "Bound" };
  const isProvisioned = volume.metadata.annotations?.[volumeAnnotations.provisionedBy] !== undefined;
  const isDeleted = isProvisioned && volume.spec.persistentVolumeReclaimPolicy === "Delete";
  return { do: isDeleted ? "reclaim" : "unbind" };
}

/** What becomes of a volume without a claim: who made it elsewhere also deletes it there. */
export type Reclaim = { phase: "Released" } | { phase: "Failed"; reason: string; message: string };

export function decideReclaim(volume: PersistentVolume): Reclaim {
  const { persistentVolumeReclaimPolicy: policy = "Retain", csi } = volume.spec;
  const isForeign = csi !== undefined || volume.metadata.annotations?.[volumeAnnotations.provisionedBy] !== undefined;
  if (policy === "Retain" || (policy === "Delete" && isForeign)) return { phase: "Released" };
  if (policy === "Recycle")
    return { phase: "Failed", reason: "VolumeFailedRecycle", message: "No recycler plugin found for the volume!" };
  const path = textAt(volume.spec, "hostPath", "path");
  if (path !== "" && !path.startsWith("/tmp/")) {
    const message = `host_path deleter only supports /tmp/.+ but received provided ${path}`;
    return { phase: "Failed", reason: "VolumeFailedDelete", message };
  }
  const message = `error getting deleter volume plugin for volume "${volume.metadata.name}": no deletable volume plugin matched`;
  return { phase: "Failed", reason: "VolumeFailedDelete", message };
}
