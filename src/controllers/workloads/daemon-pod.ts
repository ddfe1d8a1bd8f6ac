import type { Node } from "../compute/node.ts";
import { matchesNodeSelector } from "../scheduling/node-selector.ts";
import { isTolerated } from "../scheduling/taints.ts";
import { type DaemonSet, daemonSets, type Pod, type PodSpec, type Toleration } from "./kinds.ts";
import { podFromTemplate } from "./pods.ts";

export const hashLabel = "controller-revision-hash";
const generationLabel = "pod-template-generation";
const generationAnnotation = "deprecated.daemonset.template.generation";

const tolerated = (condition: string, effect: string): Toleration => ({
  key: `node.kubernetes.io/${condition}`,
  operator: "Exists",
  effect,
});
/** A daemon stays on a node in trouble: it may be what helps it out. */
const daemonTolerations = [
  tolerated("not-ready", "NoExecute"),
  tolerated("unreachable", "NoExecute"),
  tolerated("disk-pressure", "NoSchedule"),
  tolerated("memory-pressure", "NoSchedule"),
  tolerated("pid-pressure", "NoSchedule"),
  tolerated("unschedulable", "NoSchedule"),
];
const hostNetworkToleration = tolerated("network-unavailable", "NoSchedule");

/** The pod that a set makes for a node. */
export function daemonPod(set: DaemonSet, node: string, hash: string): Pod {
  const { metadata, spec, ...type } = podFromTemplate(daemonSets, set, set.spec.template);
  const generation = templateGeneration(set);
  const labels = {
    ...metadata.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [hashLabel]: hash,
  };
  return { ...type, metadata: { ...metadata, labels }, spec: pinned(withTolerations(spec), node) };
}

function withTolerations(spec: PodSpec): PodSpec {
  const added = [...daemonTolerations, ...(spec.hostNetwork === true ? [hostNetworkToleration] : [])];
  const isSame = (a: Toleration, b: Toleration) =>
    a.key === b.key && a.operator === b.operator && a.effect === b.effect && (a.value ?? "") === (b.value ?? "");
  const own = (spec.tolerations ?? []).map(
    (toleration) => added.find((other) => isSame(toleration, other)) ?? toleration,
  );
  return { ...spec, tolerations: [...own, ...added.filter((other) => !own.includes(other))] };
}

/** A pod that the scheduler can give to one node alone; other requirements have been checked. */
function pinned(spec: PodSpec, node: string): PodSpec {
  const byName = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] };
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [byName] },
  };
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity } };
}

/** The node that a pod is on or meant for. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec.nodeName !== undefined && spec.nodeName !== "") return spec.nodeName;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const names = (required?.nodeSelectorTerms ?? [])
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator }) => key === "metadata.name" && operator === "In")?.values;
  return names?.length === 1 ? names[0] : undefined;
}

/** Whether a set wants a pod on a node, and whether one that is there may stay. */
export function nodeVerdict(set: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const { spec } = set.spec.template;
  const name = node.metadata.name ?? "";
  if (![undefined, "", name].includes(spec.nodeName) || !matchesNode(spec, node)) return { run: false, stay: false };
  const { tolerations } = withTolerations(spec);
  const repelling = (node.spec?.taints ?? []).filter((taint) => !isTolerated(tolerations, taint));
  return {
    run: !repelling.some(({ effect }) => effect === "NoSchedule" || effect === "NoExecute"),
    stay: !repelling.some(({ effect }) => effect === "NoExecute"),
  };
}

/** Whether a node has the labels and the name that a pod requires. */
function matchesNode({ nodeSelector, affinity }: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelector(required, node);
}

/** Whether a pod is made of the set's template. */
export function isCurrent(set: DaemonSet, pod: Pod, hash: string): boolean {
  const labels = pod.metadata.labels ?? {};
  const generation = templateGeneration(set);
  return labels[hashLabel] === hash || (generation !== undefined && labels[generationLabel] === generation);
}

/** A number that clients of extensions/v1beta1 relied on. */
function templateGeneration({ metadata }: DaemonSet): string | undefined {
  const text = metadata.annotations?.[generationAnnotation];
  return text !== undefined && /^[-+]?\d+$/.test(text) ? String(Number(text)) : undefined;
}
