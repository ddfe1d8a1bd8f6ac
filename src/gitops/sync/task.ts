import { type KubeObject, listAt, parseApiVersion, textAt } from "../../apimachinery/index.ts";
import type { OperationPhase, ResourceResult } from "../../apis/index.ts";
import { partsOf } from "../object/key.ts";
import { type DeletePolicy, deletePoliciesOf, isHook, type SyncPhase } from "../object/sync-annotations.ts";
import type { Target } from "../target/normalize-targets.ts";

/** One thing that a sync does: applies the target, or deletes the live object when there is no target. */
export type Task = {
  readonly phase: SyncPhase;
  readonly wave: number;
  readonly target: Target | undefined;
  readonly live: KubeObject | undefined;
  /** Whether the live object differs from the target; absent objects count as different. */
  readonly modified: boolean;
  /** Whether the dry run cannot judge it, because its kind does not exist yet. */
  readonly skipDryRun: boolean;
  /** What this sync has done about it so far. */
  readonly result: ResourceResult | undefined;
};

export function objectOf({ target, live }: { target?: Target | undefined; live?: KubeObject | undefined }): KubeObject {
  const object = target?.object ?? live;
  if (object === undefined) throw new Error("A sync task has neither a target nor a live object");
  return object;
}

/** Results are kept per object and phase: a hook may run in several phases. */
export function resultKeyOf(task: Pick<Task, "target" | "live" | "phase">): string {
  const { group, kind, namespace, name } = partsOf(objectOf(task));
  return `${group}/${kind}/${namespace}/${name}:${task.phase}`;
}

export function isHookTask(task: Task): boolean {
  return isHook(objectOf(task));
}

export function isPrune(task: Task): boolean {
  return task.target === undefined;
}

export function isPending({ result }: Task): boolean {
  return result?.hookPhase === undefined;
}

export function isRunning({ result }: Task): boolean {
  return result?.hookPhase === "Running";
}

export function isCompleted({ result }: Task): boolean {
  return result?.hookPhase !== undefined && result.hookPhase !== "Running" && result.hookPhase !== "Terminating";
}

export function isFailed(task: Task): boolean {
  return isCompleted(task) && task.result?.hookPhase !== "Succeeded";
}

export function hasDeletePolicy(task: Task, policy: DeletePolicy): boolean {
  return isHookTask(task) && deletePoliciesOf(objectOf(task)).includes(policy);
}

/** What a sync did to objects so far, in the order it began. */
export type Results = ReadonlyMap<string, ResourceResult>;

export type Outcome = { status?: ResourceResult["status"]; hookPhase?: OperationPhase; message?: string };

/** The results with what happened to one task put in; an empty message keeps the last one. */
export function recordResult(results: Results, task: Task, outcome: Outcome): Results {
  const key = resultKeyOf(task);
  const object = objectOf(task);
  const known = results.get(key);
  const images = imagesOf(object);
  const message = outcome.message || known?.message;
  const result: ResourceResult = {
    ...partsOf(object),
    version: parseApiVersion(object.apiVersion).version,
    ...(outcome.status !== undefined && { status: outcome.status }),
    ...(message && { message }),
    ...(isHookTask(task) && { hookType: task.phase }),
    ...(outcome.hookPhase !== undefined && { hookPhase: outcome.hookPhase }),
    syncPhase: task.phase,
    ...(images.length > 0 && { images }),
  };
  return new Map(results).set(key, result);
}

export function resultsFrom(resources: readonly ResourceResult[] = []): Results {
  return new Map(
    resources.map((result) => {
      const { group, kind, namespace, name, syncPhase = "Sync" } = result;
      return [`${group}/${kind}/${namespace}/${name}:${syncPhase}`, result];
    }),
  );
}

/** The images of an object's containers, each once. */
export function imagesOf(object: KubeObject): string[] {
  const specs = [["spec"], ["spec", "template", "spec"], ["spec", "jobTemplate", "spec", "template", "spec"]] as const;
  const containers = specs.flatMap((path) => [
    ...listAt(object, ...path, "initContainers"),
    ...listAt(object, ...path, "containers"),
  ]);
  return [...new Set(containers.map((container) => textAt(container, "image")).filter((image) => image !== ""))];
}
