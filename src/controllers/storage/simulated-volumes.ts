import { isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import { type ComputeMode, computeLabel } from "../compute/compute.ts";
import { splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import {
  claims,
  classOfClaim,
  isBound,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClasses,
  volumeAnnotations,
  volumes,
} from "./volumes.ts";

/** Name of the provisioner, and of the driver that its volumes say they are of. */
export const simulatedProvisioner = "skiff.dev/simulated";
const driver = "simulated.skiff.dev";
const fieldManager = "skiff-compute";

const standardClass: KubeObject & Omit<StorageClass, "metadata"> = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name: "standard",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true", [computeLabel]: "simulated" },
  },
  provisioner: simulatedProvisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
};

/**
 * Provides simulated pods with volumes that hold nothing, through a class `standard`; a class of that name that somebody else
 * has made is left alone. A platform that does not simulate has no such class: nobody would provide for it.
 */
export function startSimulatedVolumes(context: ControllerContext, mode: ComputeMode): AsyncDisposable {
  const { client, informers, log, now } = context;
  const prepared = prepareClass(client, mode).catch((error: unknown) => {
    log.error("Cannot prepare the storage class of simulated volumes", { why: errorText(error), error });
  });
  if (mode !== "simulated") return { [Symbol.asyncDispose]: async () => await prepared };
  const claimInformer = informers.of<PersistentVolumeClaim>(claims);
  const volumeInformer = informers.of<PersistentVolume>(volumes);
  const classInformer = informers.of<StorageClass>(storageClasses);
  const record = createEventRecorder(client, simulatedProvisioner, log, now);

  const controller = startController({
    name: "simulated-volumes",
    log,
    reconcile: async (key): Promise<Result> => {
      await Promise.all([claimInformer.synced(), volumeInformer.synced(), classInformer.synced()]);
      if (key.startsWith("/")) {
        const volume = volumeInformer.get(undefined, key.slice(1));
        if (volume !== undefined && isToBeDeleted(volume)) await client.delete(volumes, { name: key.slice(1) });
        return { state: "done" };
      }
      const { namespace, name } = splitKey(key);
      const claim = claimInformer.get(namespace, name);
      const storageClass = claim === undefined ? undefined : classInformer.get(undefined, classOfClaim(claim));
      if (claim === undefined || !isToBeProvided(claim, storageClass)) return { state: "done" };
      const volume = volumeFor(claim, storageClass);
      try {
        await client.create(volumes, volume, { fieldManager });
      } catch (error) {
        if (isStatusError(error, "AlreadyExists")) return { state: "done" };
        throw error;
      }
      const message = `Successfully provisioned volume ${volume.metadata.name}`;
      record(claim, "Normal", "ProvisioningSucceeded", message);
      return { state: "done" };
    },
  });
  const listening = [
    claimInformer.listen({ onChange: ({ metadata }) => controller.enqueue(`${metadata.namespace}/${metadata.name}`) }),
    volumeInformer.listen({
      onChange(volume) {
        if (isToBeDeleted(volume)) controller.enqueue(`/${volume.metadata.name}`);
      },
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await prepared;
      await controller[Symbol.asyncDispose]();
    },
  };
}

async function prepareClass(client: Client, mode: ComputeMode): Promise<void> {
  const { name = "" } = standardClass.metadata;
  const live = await client.get<StorageClass>(storageClasses, { name });
  if (mode === "simulated" && live === undefined) await client.create(storageClasses, standardClass, { fieldManager });
  if (mode !== "simulated" && live?.provisioner === simulatedProvisioner) await client.delete(storageClasses, { name });
}

function isToBeProvided(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
): storageClass is StorageClass {
  const { annotations, deletionTimestamp } = claim.metadata;
  return (
    storageClass?.provisioner === simulatedProvisioner &&
    annotations?.[volumeAnnotations.storageProvisioner] === simulatedProvisioner &&
    !isBound(claim) &&
    (claim.spec.volumeName ?? "") === "" &&
    deletionTimestamp === undefined
  );
}

function isToBeDeleted({ metadata, spec, status }: PersistentVolume): boolean {
  return (
    metadata.annotations?.[volumeAnnotations.provisionedBy] === simulatedProvisioner &&
    spec.persistentVolumeReclaimPolicy === "Delete" &&
    status?.phase === "Released" &&
    metadata.deletionTimestamp === undefined
  );
}

function volumeFor(claim: PersistentVolumeClaim, storageClass: StorageClass): KubeObject {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  const { accessModes, volumeMode, resources } = claim.spec;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: volumeName,
      annotations: { [volumeAnnotations.provisionedBy]: simulatedProvisioner, [computeLabel]: "simulated" },
    },
    spec: {
      accessModes,
      capacity: { storage: resources?.requests?.["storage"] },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid, resourceVersion },
      csi: { driver, volumeHandle: volumeName },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      storageClassName: storageClass.metadata.name,
      ...(volumeMode === undefined ? {} : { volumeMode }),
      ...(storageClass.mountOptions === undefined ? {} : { mountOptions: storageClass.mountOptions }),
    },
  };
}
