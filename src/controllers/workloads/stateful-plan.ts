import type { Claim, ControllerRevision, Pod, StatefulSet, StatefulSetStatus } from "./kinds.ts";
import { isAvailable, isReady, isTerminal, isTerminating, phaseOf } from "./pods.ts";
import { withoutZeros } from "./replica-plan.ts";
import { templateIn } from "./revisions.ts";
import {
  claimOwners,
  firstOrdinal,
  hasStaleClaim,
  isConsistent,
  isWanted,
  newStatefulPod,
  ordinalOf,
  revisionLabel,
} from "./stateful-pod.ts";

export type StatefulStep =
  /** Creates the claims of the pod that are missing, then the pod. */
  | { do: "create"; pod: Pod }
  /** Creates claims of a pending pod that are missing, and gives its claims their owners. */
  | { do: "claim"; pod: Pod }
  /** Gives a pod its labels, its volumes and its claims their owners. */
  | { do: "repair"; pod: Pod }
  /** Gives the claims of a pod that is going their owners. */
  | { do: "release"; pod: Pod }
  | { do: "delete"; pod: Pod };

export type StatefulView = {
  set: StatefulSet;
  /** The revision that most pods have, and the one that they shall have. */
  current: ControllerRevision;
  update: ControllerRevision;
  collisionCount: number;
  pods: readonly Pod[];
  /** The claims of a pod that exist. */
  claimsOf: (pod: Pod) => readonly Claim[];
  now: Date;
};

/** Steps of one phase; those of one phase do not depend on each other when the set is parallel. */
export type StatefulPlan = { phases: StatefulStep[][]; status: StatefulSetStatus };

/**
 * Says what brings the pods of a StatefulSet nearer to what it asks for. An ordered set takes one step at a time, from the
 * first pod up and from the last one down, and waits for each to be available; a parallel one takes all that it can.
 */
export function planStatefulSet(view: StatefulView): StatefulPlan {
  const { set } = view;
  const status = countStatus(view);
  if (set.metadata.deletionTimestamp !== undefined) return { phases: [], status: finished(set, status) };
  const ordered = set.spec.podManagementPolicy !== "Parallel";
  const replicas = replicasOf(view);
  const condemned = view.pods.filter((pod) => !isWanted(set, pod) && ordinalOf(pod) >= 0);
  condemned.sort((a, b) => ordinalOf(b) - ordinalOf(a));

  const filling = fill(view, replicas, ordered);
  const releasing = condemned
    .filter((pod) => needsOwners(view, pod))
    .map((pod): StatefulStep => ({ do: "release", pod }));
  if (filling.waits) return { phases: [filling.steps], status: finished(set, status) };
  const shrinking = shrink(view, replicas, condemned, ordered);
  const phases = [filling.steps, releasing, shrinking.steps];
  if (shrinking.waits || set.spec.updateStrategy?.type === "OnDelete") return { phases, status: finished(set, status) };
  const outdated = nextOutdated(view, replicas);
  if (outdated === undefined) return { phases, status: finished(set, status) };
  const currentReplicas = (status.currentReplicas ?? 0) - 1;
  return {
    phases: [...phases, [{ do: "delete", pod: outdated }]],
    status: finished(set, {
      ...status,
      ...(currentReplicas === 0 ? { currentReplicas: undefined } : { currentReplicas }),
    }),
  };
}

/** The pods wanted, in order: those that are there, and new ones where none is. */
function replicasOf({ set, current, update, pods }: StatefulView): Pod[] {
  const first = firstOrdinal(set);
  const present = new Map(pods.filter((pod) => isWanted(set, pod)).map((pod) => [ordinalOf(pod), pod]));
  const kept = keptOrdinals(set);
  return Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => {
    const revision = index < kept ? current : update;
    const template = templateIn(revision) ?? set.spec.template;
    const made = () =>
      newStatefulPod({ ...set, spec: { ...set.spec, template } }, revision.metadata.name ?? "", first + index);
    return present.get(first + index) ?? made();
  });
}

/** How many pods, from the first, keep their revision. */
function keptOrdinals({ spec, status }: StatefulSet): number {
  const { type = "RollingUpdate", rollingUpdate } = spec.updateStrategy ?? {};
  if (rollingUpdate !== undefined) return rollingUpdate.partition ?? 0;
  return type === "RollingUpdate" ? (status?.currentReplicas ?? 0) : 0;
}

type Phase = { steps: StatefulStep[]; waits: boolean };

function fill(view: StatefulView, replicas: readonly Pod[], ordered: boolean): Phase {
  const steps: StatefulStep[] = [];
  for (const pod of replicas) {
    const waits = fillOne(view, pod, ordered, steps);
    if (waits && ordered) return { steps, waits };
  }
  return { steps, waits: false };
}

/** @returns whether an ordered set waits for this pod before it goes on */
function fillOne(view: StatefulView, pod: Pod, ordered: boolean, steps: StatefulStep[]): boolean {
  const { set } = view;
  if (isTerminal(pod)) {
    if (!isTerminating(pod)) steps.push({ do: "delete", pod });
    return true;
  }
  if (!isCreated(pod)) {
    if (!hasStaleClaim(set, pod, view.claimsOf(pod))) steps.push({ do: "create", pod });
    return true;
  }
  if (phaseOf(pod) === "Pending") steps.push({ do: "claim", pod });
  if (ordered && (isTerminating(pod) || !isRunningAndReady(pod) || !available(view, pod))) return true;
  if (!isConsistent(set, pod) || needsOwners(view, pod)) steps.push({ do: "repair", pod });
  return false;
}

function needsOwners({ set, claimsOf }: StatefulView, pod: Pod): boolean {
  return claimsOf(pod).some((claim) => claimOwners(set, pod, claim) !== undefined);
}

/** Ends pods beyond those wanted; an ordered set ends the last one first, and none while another pod is in trouble. */
function shrink(view: StatefulView, replicas: readonly Pod[], condemned: readonly Pod[], ordered: boolean): Phase {
  if (!ordered) {
    const steps = condemned.filter((pod) => !isTerminating(pod)).map((pod): StatefulStep => ({ do: "delete", pod }));
    return { steps, waits: false };
  }
  const [last] = condemned;
  if (last === undefined) return { steps: [], waits: false };
  const troubled = [...replicas, ...condemned.toReversed()].find((pod) => isUnavailable(view, pod));
  const healthy = isRunningAndReady(last) && available(view, last);
  if (isTerminating(last) || (!healthy && last !== troubled)) return { steps: [], waits: true };
  return { steps: [{ do: "delete", pod: last }], waits: true };
}

/** The pod to be replaced next, from the last one down; none while one after it is not available. */
function nextOutdated(view: StatefulView, replicas: readonly Pod[]): Pod | undefined {
  const partition = view.set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (const pod of replicas.slice(partition).reverse()) {
    if (isTerminal(pod)) return undefined;
    if (revisionOf(pod) !== view.update.metadata.name && !isTerminating(pod)) return pod;
    if (isUnavailable(view, pod)) return undefined;
  }
  return undefined;
}

function countStatus(view: StatefulView): StatefulSetStatus {
  const { set, pods, current, update, collisionCount } = view;
  const created = pods.filter(isCreated);
  const staying = created.filter((pod) => !isTerminating(pod));
  const ready = created.filter(isRunningAndReady);
  const ofRevision = ({ metadata }: ControllerRevision) =>
    staying.filter((pod) => revisionOf(pod) === metadata.name).length;
  return {
    replicas: created.length,
    availableReplicas: ready.filter((pod) => available(view, pod)).length,
    ...withoutZeros({
      observedGeneration: set.metadata.generation ?? 0,
      readyReplicas: ready.length,
      currentReplicas: ofRevision(current),
      updatedReplicas: ofRevision(update),
    }),
    currentRevision: current.metadata.name ?? "",
    updateRevision: update.metadata.name ?? "",
    collisionCount,
  };
}

/** When all pods are new and ready, the new revision is the current one. */
function finished({ spec }: StatefulSet, status: StatefulSetStatus): StatefulSetStatus {
  const replicas = spec.replicas ?? 1;
  const rolling = (spec.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate";
  const { updatedReplicas = 0, readyReplicas = 0 } = status;
  if (!rolling || updatedReplicas !== replicas || readyReplicas !== replicas || status.replicas !== replicas)
    return status;
  const { currentReplicas: _, ...others } = status;
  return { ...others, ...withoutZeros({ currentReplicas: updatedReplicas }), currentRevision: status.updateRevision };
}

/** Whether a status says something else than the one that the set has. */
export function statusDiffers({ status: before }: StatefulSet, after: StatefulSetStatus): boolean {
  return (
    (after.observedGeneration ?? 0) > (before?.observedGeneration ?? 0) ||
    after.replicas !== (before?.replicas ?? 0) ||
    (after.currentReplicas ?? 0) !== (before?.currentReplicas ?? 0) ||
    (after.readyReplicas ?? 0) !== (before?.readyReplicas ?? 0) ||
    (after.updatedReplicas ?? 0) !== (before?.updatedReplicas ?? 0) ||
    after.availableReplicas !== (before?.availableReplicas ?? 0) ||
    after.currentRevision !== (before?.currentRevision ?? "") ||
    after.updateRevision !== (before?.updateRevision ?? "")
  );
}

export function revisionOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[revisionLabel];
}

/** The server gives every pod a phase. */
function isCreated(pod: Pod): boolean {
  return phaseOf(pod) !== "";
}

function isRunningAndReady(pod: Pod): boolean {
  return phaseOf(pod) === "Running" && isReady(pod);
}

function available({ set, now }: StatefulView, pod: Pod): boolean {
  return isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
}

function isUnavailable(view: StatefulView, pod: Pod): boolean {
  return !available(view, pod) || isTerminating(pod);
}
