import type { Pod, PodStatus } from "./pod.ts";

export type ComputeMode = "none" | "simulated";

/** Which pods run, and on how many nodes. */
export type ComputeOptions = {
  mode: ComputeMode;
  /** Name of the platform: of the first node, and with a number behind it of the others. */
  name: string;
  /** How many nodes there are. Default 1. */
  nodes?: number;
};

/** As a label and an annotation on a node: what runs the pods. */
export const computeLabel = "skiff.dev/compute";

/**
 * Type of the condition that marks pods which are only played. An annotation would do, too, but Terraform takes one that is not
 * in its configuration for a change that somebody made, and removes it.
 */
export const simulatedCondition = "skiff.dev/Simulated";

/** What is to be told about a pod as an Event. */
export type PodEvent = { type: "Normal" | "Warning"; reason: string; message: string };

/** What a pod is like now. */
export type PodState = {
  /** The whole status; absent when nothing is to be said yet. Conditions that others set are not in it and stay. */
  status?: PodStatus;
  events?: readonly PodEvent[];
  /** Nothing of a pod that is being deleted is left: the object may go. */
  ended?: boolean;
  /** Milliseconds after which to ask again; absent when nothing changes by itself. */
  afterMs?: number;
};

/** A pod of one of the platform's nodes, as the node sees it. */
export type AssignedPod = { pod: Pod; hostIp: string; podIp: string };

/**
 * What runs the pods of the platform's nodes. A container engine starts and stops what {@link ComputeMode} only plays, and
 * answers with what it finds.
 */
export type Compute = AsyncDisposable & {
  readonly mode: ComputeMode;
  /** Brings about what a pod asks for, its end included, and says how it is now. Called again after each change of the pod. */
  sync(assigned: AssignedPod, now: Date): Promise<PodState>;
  /** The object is gone, whatever it was like: nothing of it may stay. */
  forget(uid: string): void;
};
