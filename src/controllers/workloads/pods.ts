import { cloneJson, type KubeObject, validateSubdomain } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { type Condition, controllerReference, type Pod, type PodTemplate, timeMs } from "./kinds.ts";

export function phaseOf(pod: Pod): string {
  return pod.status?.phase ?? "";
}

export function isTerminal(pod: Pod): boolean {
  return phaseOf(pod) === "Failed" || phaseOf(pod) === "Succeeded";
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Runs or will run: neither ended nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isTerminating(pod);
}

export function readyCondition(pod: Pod): Condition | undefined {
  return pod.status?.conditions?.find(({ type }) => type === "Ready");
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === "True";
}

/** Has been ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: Date): boolean {
  if (!isReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = timeMs(readyCondition(pod)?.lastTransitionTime);
  return since !== undefined && since + minReadySeconds * 1000 <= now.getTime();
}

/** Milliseconds until the next of these pods has been ready for long enough; `undefined` when none is on its way. */
export function nextAvailableMs(pods: readonly Pod[], minReadySeconds: number, now: Date): number | undefined {
  const waits = pods.flatMap((pod) => {
    const since = isReady(pod) ? timeMs(readyCondition(pod)?.lastTransitionTime) : undefined;
    return since === undefined ? [] : [since + minReadySeconds * 1000 - now.getTime()];
  });
  const ahead = waits.filter((wait) => wait > 0);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

/**
 * The pod that an owner makes of its template.
 *
 * @param resource the owner's
 */
export function podFromTemplate(resource: Resource, owner: KubeObject, template: PodTemplate): Pod {
  const { labels = {}, annotations = {}, finalizers = [] } = template.metadata ?? {};
  const prefix = `${owner.metadata.name}-`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      // A name that is no good with the dash of the prefix is used bare.
      generateName: validateSubdomain(`${prefix}x`).length === 0 ? prefix : (owner.metadata.name ?? ""),
      namespace: owner.metadata.namespace,
      labels: { ...labels },
      ...(Object.keys(annotations).length > 0 ? { annotations: { ...annotations } } : {}),
      ...(finalizers.length > 0 ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [controllerReference(resource, owner)],
    },
    spec: cloneJson(template.spec),
  };
}
