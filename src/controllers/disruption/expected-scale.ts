import {
  formatGroupResource,
  isStatusError,
  type KubeObject,
  type OwnerReference,
  parseApiVersion,
  quoteGo,
} from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import type { ControllerContext } from "../context.ts";
import { findResources, readScale } from "../scale-target.ts";
import {
  controllerOf,
  deployments,
  type Pod,
  replicaSets,
  replicationControllers,
  statefulSets,
} from "../workloads/kinds.ts";

type Counted = KubeObject & { spec?: { replicas?: number } };
type Owner = { uid: string; replicas: number };

/** How many pods the owners of pods want, and the names of pods that nobody owns. */
export type ExpectedScale = { scale: number; unmanaged: string[] };

/** @throws {Error} when an owner is not there or has no count */
export type ScaleFinder = { expectedScale(pods: readonly Pod[]): Promise<ExpectedScale>; synced(): Promise<void> };

/** Adds up the replicas of those that own pods: a Deployment for those of its ReplicaSets. */
export function createScaleFinder({ client, informers }: ControllerContext): ScaleFinder {
  const known: readonly Resource[] = [replicationControllers, replicaSets, statefulSets, deployments];
  const cached = (reference: OwnerReference, namespace: string | undefined): Owner | undefined | "unknown kind" => {
    const { group } = parseApiVersion(reference.apiVersion);
    const resource = known.find((one) => one.kind === reference.kind && one.group === group);
    if (resource === undefined || resource === deployments) return "unknown kind";
    const owner = ownerIn(resource, reference, namespace);
    if (owner === undefined || resource !== replicaSets) return owner && countOf(owner);
    const above = controllerOf(owner);
    if (above?.kind !== "Deployment" || parseApiVersion(above.apiVersion).group !== "apps") return countOf(owner);
    const deployment = ownerIn(deployments, above, namespace);
    return deployment && countOf(deployment);
  };
  const ownerIn = (resource: Resource, { name, uid }: OwnerReference, namespace: string | undefined) => {
    const owner = informers.of<Counted>(resource).get(namespace, name);
    return owner?.metadata.uid === uid ? owner : undefined;
  };
  const remote = async (
    { apiVersion, kind, name, uid }: OwnerReference,
    namespace = "",
  ): Promise<Owner | undefined> => {
    const [resource] = await findResources(client, { ...parseApiVersion(apiVersion), kind });
    if (resource === undefined) return undefined;
    try {
      const scale = await readScale(client, resource, namespace, name);
      return scale.metadata.uid === uid ? { uid, replicas: scale.spec?.replicas ?? 0 } : undefined;
    } catch (error) {
      if (!isStatusError(error, "NotFound")) throw error;
      if (resource.hasScale) return undefined;
      throw new Error(`${formatGroupResource(resource)} does not implement the scale subresource`);
    }
  };
  return {
    async synced() {
      await Promise.all(known.map((resource) => informers.of(resource).synced()));
    },
    async expectedScale(pods) {
      const scales = new Map<string, number>();
      const unmanaged: string[] = [];
      for (const pod of pods) {
        const reference = controllerOf(pod);
        if (reference === undefined) {
          unmanaged.push(pod.metadata.name ?? "");
          continue;
        }
        if (scales.has(reference.uid)) continue;
        const { namespace } = pod.metadata;
        const found = cached(reference, namespace);
        const owner = found === "unknown kind" || found === undefined ? await remote(reference, namespace) : found;
        if (owner === undefined) throw new Error(`found no controllers for pod ${quoteGo(pod.metadata.name ?? "")}`);
        scales.set(owner.uid, owner.replicas);
      }
      return { scale: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged };
    },
  };
}

function countOf({ metadata, spec }: Counted): Owner {
  return { uid: metadata.uid ?? "", replicas: spec?.replicas ?? 0 };
}
