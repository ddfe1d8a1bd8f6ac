import type { Client } from "../../client/index.ts";
import type { Pod } from "../compute/pod.ts";
import { claims, isBound, volumeAnnotations, volumes } from "../storage/volumes.ts";
import type { Lookups, NodeInfo } from "./cluster.ts";
import { bindingsFor, checkClaims, claimNames } from "./volume-filters.ts";

const fieldManager = "kube-scheduler";

/**
 * Has the claims of a pod that waited for it bound: gives them the volumes that suit the node, and tells provisioners of the
 * node for the others.
 *
 * @returns whether there was anything to do: then the pod has to wait for the binder
 */
export async function bindVolumes(client: Client, pod: Pod, { node }: NodeInfo, lookups: Lookups): Promise<boolean> {
  const found = checkClaims(pod, lookups);
  const bindings = typeof found === "string" ? undefined : bindingsFor(found.delayed, node, lookups);
  if (bindings === undefined) throw new Error(`Cannot bind the volumes of pod ${pod.metadata.name}: they have changed`);
  for (const { claim, volume } of bindings) {
    const { namespace = "", name = "", uid } = claim.metadata;
    if (volume === undefined) {
      const annotations = { [volumeAnnotations.selectedNode]: node.metadata.name };
      await client.patch(claims, { namespace, name }, "merge", { metadata: { uid, annotations } }, { fieldManager });
      continue;
    }
    const { resourceVersion = "", name: volumeName = "" } = volume.metadata;
    const claimRef = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      namespace,
      name,
      uid,
      resourceVersion: claim.metadata.resourceVersion,
    };
    const annotations = { [volumeAnnotations.boundByController]: "yes" };
    const patch = { metadata: { resourceVersion, annotations }, spec: { claimRef } };
    await client.patch(volumes, { name: volumeName }, "merge", patch, { fieldManager });
  }
  return bindings.length > 0;
}

/** `waiting` until the binder is done; `lost` when a claim has gone or its provisioner has refused the node. */
export function volumesState(pod: Pod, lookups: Lookups): "bound" | "waiting" | "lost" {
  const { namespace = "" } = pod.metadata;
  const all = claimNames(pod).map(({ name }) => lookups.claim(namespace, name));
  if (all.every((claim) => claim !== undefined && isBound(claim))) return "bound";
  if (all.some((claim) => claim === undefined || claim.metadata.deletionTimestamp !== undefined)) return "lost";
  return "waiting";
}
