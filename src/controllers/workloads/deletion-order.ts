import { byCreation, type Pod, timeMs } from "./kinds.ts";
import { isActive, isReady, phaseOf, readyCondition } from "./pods.ts";

const phases = new Map([
  ["Pending", 0],
  ["Unknown", 1],
  ["Running", 2],
]);

/**
 * The pods that a scale-down takes, the least useful first: without a node, pending, not ready, of low deletion cost, many on
 * one node, ready for a short time, often restarted, young.
 *
 * @param related pods of this and sibling owners; nodes with many of them lose theirs first
 */
export function podsToDelete(pods: readonly Pod[], related: readonly Pod[], count: number, now: Date): Pod[] {
  if (count >= pods.length) return [...pods];
  const onNode = new Map<string, number>();
  for (const pod of related.filter(isActive)) {
    const node = pod.spec.nodeName ?? "";
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => ({ pod, rank: onNode.get(pod.spec.nodeName ?? "") ?? 0 }));
  ranked.sort((a, b) => compare(a.pod, b.pod, b.rank - a.rank, now));
  return ranked.slice(0, count).map(({ pod }) => pod);
}

function compare(a: Pod, b: Pod, rank: number, now: Date): number {
  const steps = [
    () => Number(hasNode(a)) - Number(hasNode(b)),
    () => (phases.get(phaseOf(a)) ?? 0) - (phases.get(phaseOf(b)) ?? 0),
    () => Number(isReady(a)) - Number(isReady(b)),
    () => deletionCost(a) - deletionCost(b),
    () => rank,
    () =>
      isReady(a)
        ? compareAges(a, b, readyCondition(a)?.lastTransitionTime, readyCondition(b)?.lastTransitionTime, now)
        : 0,
    () => restarts(b).regular - restarts(a).regular,
    () => restarts(b).sidecar - restarts(a).sidecar,
    () => compareAges(a, b, a.metadata.creationTimestamp, b.metadata.creationTimestamp, now),
  ];
  for (const step of steps) {
    const order = step();
    if (order !== 0) return order;
  }
  return byCreation(a, b);
}

function hasNode(pod: Pod): boolean {
  return (pod.spec.nodeName ?? "") !== "";
}

/** `controller.kubernetes.io/pod-deletion-cost`; what is no 32-bit integer without plus sign or leading zeros counts as 0. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? "";
  if (!/^(0|-\d+|[1-9]\d*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

/**
 * The younger first, but ages of the same power of two of nanoseconds count as equal and the uid decides, so that no
 * generation of pods goes as a whole. What has no time counts as the youngest.
 */
function compareAges(
  a: Pod,
  b: Pod,
  one: string | null | undefined,
  other: string | null | undefined,
  now: Date,
): number {
  const [left, right] = [timeMs(one), timeMs(other)];
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  const order = logAge(left, now) - logAge(right, now);
  if (order !== 0) return order;
  return (a.metadata.uid ?? "") < (b.metadata.uid ?? "") ? -1 : 1;
}

function logAge(atMs: number, now: Date): number {
  const nanoseconds = (now.getTime() - atMs) * 1e6;
  return nanoseconds > 0 ? Math.trunc(Math.log2(nanoseconds)) : -1;
}

function restarts(pod: Pod): { regular: number; sidecar: number } {
  const most = (counts: number[]) => Math.max(0, ...counts);
  const sidecars = new Set(
    (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name),
  );
  return {
    regular: most((pod.status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount)),
    sidecar: most(
      (pod.status?.initContainerStatuses ?? [])
        .filter(({ name }) => sidecars.has(name))
        .map(({ restartCount = 0 }) => restartCount),
    ),
  };
}
