import { type Fields, fieldsAt, isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import { isTerminal, keyOf, type Pod, pods, splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import { claims, type PersistentVolumeClaim } from "./volumes.ts";

/** Makes the claims of pods' ephemeral volumes, which live and go with their pods, as kube-controller-manager does. */
export function startEphemeralClaims({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const podInformer = informers.of<Pod>(pods);
  const claimInformer = informers.of<PersistentVolumeClaim>(claims);
  const record = createEventRecorder(client, "ephemeral_volume", log, now);
  const controller = startController({
    name: "ephemeral-claims",
    log,
    reconcile: async (key): Promise<Result> => {
      await claimInformer.synced();
      const { namespace, name } = splitKey(key);
      const pod = podInformer.get(namespace, name);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || isTerminal(pod))
        return { state: "done" };
      for (const claim of ephemeralClaims(pod)) {
        const live = claimInformer.get(namespace, claim.metadata.name ?? "");
        if (live?.metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid)) continue;
        try {
          if (live !== undefined)
            throw new Error(`PVC ${namespace}/${live.metadata.name} was not created for pod ${key} (pod is not owner)`);
          const written = await client.create(claims, claim, { fieldManager: "kube-controller-manager" });
          await claimInformer.reached(written.metadata.resourceVersion);
        } catch (error) {
          if (isStatusError(error, "AlreadyExists")) continue;
          record(pod, "Warning", "FailedCreate", `ephemeral volume ${claim.metadata.name}: ${errorText(error)}`);
          if (live === undefined) throw error;
        }
      }
      return { state: "done" };
    },
  });
  const hasEphemeral = ({ spec }: Pod) => spec.volumes?.some(({ ephemeral }) => ephemeral !== undefined) === true;
  const listening = [
    podInformer.listen({
      onChange(pod, previous) {
        if (previous === undefined && hasEphemeral(pod)) controller.enqueue(keyOf(pod));
      },
    }),
    claimInformer.listen({
      onDelete({ metadata }) {
        const owner = metadata.ownerReferences?.find(
          ({ kind, controller: controls }) => kind === "Pod" && controls === true,
        );
        if (owner !== undefined) controller.enqueue(`${metadata.namespace}/${owner.name}`);
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

/** The claims that the ephemeral volumes of a pod stand for. */
export function ephemeralClaims({ metadata, spec }: Pod): KubeObject[] {
  const { name: pod = "", namespace, uid = "" } = metadata;
  return (spec.volumes ?? []).flatMap(({ name, ephemeral }) => {
    if (ephemeral === undefined) return [];
    const template: Fields = fieldsAt(ephemeral, "volumeClaimTemplate");
    const own = { apiVersion: "v1", kind: "Pod", name: pod, uid, controller: true, blockOwnerDeletion: true };
    return [
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: {
          ...fieldsAt(template, "metadata"),
          name: `${pod}-${name}`,
          ...(namespace === undefined ? {} : { namespace }),
          ownerReferences: [own],
        },
        spec: fieldsAt(template, "spec"),
      },
    ];
  });
}
