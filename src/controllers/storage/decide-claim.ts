import { findVolume, misfit } from "./match-volume.ts";
import {
  classOfClaim,
  isMeantFor,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  volumeAnnotations,
} from "./volumes.ts";

/** What is to be told about a claim. */
export type ClaimEvent = { type: "Normal" | "Warning"; reason: string; message: string };

/** What is to be done about a claim. */
export type ClaimStep =
  | { do: "bind"; volume: PersistentVolume }
  /** Wait as `Pending` and say why, if there is anything to say. */
  | { do: "wait"; event?: ClaimEvent }
  /** Use this class, which has become the default since the claim was made. */
  | { do: "use-class"; name: string }
  /** Ask a provisioner for a volume. */
  | { do: "provision"; provisioner: string; event: ClaimEvent }
  | { do: "lose"; event: ClaimEvent };

/** What a claim is decided by. */
export type ClaimContext = {
  volumes: readonly PersistentVolume[];
  volume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
  storageClasses: readonly StorageClass[];
  /** Names of the pods without a node that use the claim. */
  waitingPods: readonly string[];
};

const defaultClass = "storageclass.kubernetes.io/is-default-class";

/** Decides as kube-controller-manager's binder does, with its events. */
export function decideClaim(claim: PersistentVolumeClaim, context: ClaimContext): ClaimStep {
  const isComplete = claim.metadata.annotations?.[volumeAnnotations.bindCompleted] !== undefined;
  if (isComplete) return keepBound(claim, context);
  const { volumeName = "" } = claim.spec;
  return volumeName === "" ? findOne(claim, context) : takeNamed(claim, context.volume(volumeName), volumeName);
}

function keepBound(claim: PersistentVolumeClaim, { volume: find }: ClaimContext): ClaimStep {
  const { volumeName = "" } = claim.spec;
  if (volumeName === "")
    return lose("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
  const volume = find(volumeName);
  if (volume === undefined)
    return lose("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
  const { claimRef } = volume.spec;
  if (claimRef === undefined || claimRef.uid === claim.metadata.uid) return { do: "bind", volume };
  return lose("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
}

function lose(reason: string, message: string): ClaimStep {
  return { do: "lose", event: { type: "Warning", reason, message } };
}

function takeNamed(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined, name: string): ClaimStep {
  if (volume === undefined) return { do: "wait" };
  if (volume.spec.claimRef === undefined) {
    const why = misfit(volume, claim);
    if (why === undefined) return { do: "bind", volume };
    const message = `Cannot bind to requested volume "${name}": ${why}`;
    return { do: "wait", event: { type: "Warning", reason: "VolumeMismatch", message } };
  }
  if (isMeantFor(volume, claim)) return { do: "bind", volume };
  const message = `volume "${name}" already bound to a different claim.`;
  return { do: "wait", event: { type: "Warning", reason: "FailedBinding", message } };
}

function findOne(claim: PersistentVolumeClaim, context: ClaimContext): ClaimStep {
  const className = classOfClaim(claim);
  const storageClass = context.storageClass(className);
  const delayed = storageClass?.volumeBindingMode === "WaitForFirstConsumer";
  const volume = findVolume(claim, context.volumes, { delayed });
  if (volume !== undefined) return { do: "bind", volume };
  const names = claim.metadata.annotations ?? {};
  const saysClass =
    claim.spec.storageClassName !== undefined || names[volumeAnnotations.betaStorageClass] !== undefined;
  const standard = saysClass ? undefined : newestDefault(context.storageClasses);
  if (standard !== undefined) return { do: "use-class", name: standard };
  if (delayed && names[volumeAnnotations.selectedNode] === undefined)
    return { do: "wait", event: waitsFor(context.waitingPods) };
  if (className === "") {
    const message = "no persistent volumes available for this claim and no storage class is set";
    return { do: "wait", event: { type: "Normal", reason: "FailedBinding", message } };
  }
  return provision(className, storageClass);
}

function newestDefault(classes: readonly StorageClass[]): string | undefined {
  const defaults = classes.filter(({ metadata }) => metadata.annotations?.[defaultClass] === "true");
  const created = ({ metadata }: StorageClass) => metadata.creationTimestamp ?? "";
  return defaults.sort((a, b) => {
    const newer =
      created(a) > created(b) || (created(a) === created(b) && (a.metadata.name ?? "") < (b.metadata.name ?? ""));
    return newer ? -1 : 1;
  })[0]?.metadata.name;
}

function waitsFor(pods: readonly string[]): ClaimEvent {
  if (pods.length === 0) {
    const message = "waiting for first consumer to be created before binding";
    return { type: "Normal", reason: "WaitForFirstConsumer", message };
  }
  const message = `waiting for ${pods.length > 1 ? "pods" : "pod"} ${pods.join(",")} to be scheduled`;
  return { type: "Normal", reason: "WaitForPodScheduled", message };
}

function provision(className: string, storageClass: StorageClass | undefined): ClaimStep {
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io "${className}" not found`;
    return { do: "wait", event: { type: "Warning", reason: "ProvisioningFailed", message } };
  }
  const { provisioner } = storageClass;
  if (provisioner.startsWith("kubernetes.io/")) {
    const message = `no volume plugin matched name: ${provisioner}`;
    return { do: "wait", event: { type: "Warning", reason: "ProvisioningFailed", message } };
  }
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  return { do: "provision", provisioner, event: { type: "Normal", reason: "ExternalProvisioning", message } };
}
