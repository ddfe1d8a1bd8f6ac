import { resourceHealth } from "../health/resource-health.ts";
import { partsOf } from "../object/key.ts";
import { syncOption } from "../object/sync-annotations.ts";
import type { SyncSettings } from "./settings.ts";
import {
  hasDeletePolicy,
  isCompleted,
  isFailed,
  isHookTask,
  isPending,
  isPrune,
  isRunning,
  type Outcome,
  objectOf,
  type Task,
} from "./task.ts";

/** How running tasks are doing by now, from the health of their live objects. */
export function observeRunning(tasks: readonly Task[]): { task: Task; outcome: Outcome }[] {
  return tasks.flatMap((task) => {
    if (!isRunning(task) || task.live === undefined) return [];
    const outcome = isHookTask(task) ? hookOutcome(task) : resourceOutcome(task);
    return outcome === undefined ? [] : [{ task, outcome: { status: task.result?.status, ...outcome } }];
  });
}

/** A hook without a health is done as soon as it exists. */
export function hookOutcome({ live, result }: Pick<Task, "live" | "result">): Outcome {
  const health = live === undefined ? undefined : resourceHealth(live);
  const status = result?.status;
  if (health === undefined) return { status, hookPhase: "Succeeded", message: `${live?.metadata.name ?? ""} created` };
  switch (health.status) {
    case "Healthy":
      return { status, hookPhase: "Succeeded", message: health.message };
    case "Unknown":
    case "Degraded":
      return { status, hookPhase: "Failed", message: health.message };
    default:
      return { status, hookPhase: "Running", message: health.message };
  }
}

function resourceOutcome({ live, result }: Task): Outcome | undefined {
  const health = live === undefined ? undefined : resourceHealth(live);
  switch (health?.status) {
    case undefined:
      return { hookPhase: "Succeeded", message: result?.message };
    case "Healthy":
      return { hookPhase: "Succeeded", message: health.message };
    case "Degraded":
      return { hookPhase: "Failed", message: health.message };
    default:
      return undefined;
  }
}

export type Step = {
  /** Hooks that have ended; nothing needs to keep them any longer. */
  release: Task[];
  next:
    | { do: "wait"; message: string; missing: Task[] }
    | { do: "fail"; reason: string; failed: Task[]; failHooks: Task[]; deleteHooks: Task[] }
    | { do: "succeed"; message: string; deleteHooks: Task[] }
    | {
        do: "run";
        tasks: Task[];
        /** Whether nothing remains after these. */
        isLast: boolean;
        failHooks: Task[];
        deleteOnSuccess: Task[];
        deleteOnFailure: Task[];
      };
};

/**
 * Says what a sync does next.
 *
 * @param tasks in order, with what is known about running ones put in
 */
export function decideStep(tasks: readonly Task[], settings: SyncSettings): Step {
  const first = tasks[0];
  const last = tasks.at(-1);
  const isMultiStep = first?.wave !== last?.wave || first?.phase !== last?.phase;
  const running = tasks.filter((task) => (isMultiStep || isHookTask(task)) && isRunning(task));
  if (running.length > 0) {
    const missing = running.filter(({ live }) => live === undefined);
    return { release: [], next: { do: "wait", message: waitingMessage(running, settings, false), missing } };
  }
  const leaving = tasks.filter(
    ({ result, live }) => result?.status === "Pruned" && live?.metadata.deletionTimestamp !== undefined,
  );
  if (leaving.length > 0) {
    return { release: [], next: { do: "wait", message: waitingMessage(leaving, settings, true), missing: [] } };
  }
  const ended = tasks.filter((task) => isHookTask(task) && isCompleted(task));
  const idleHooks = tasks.filter((task) => isHookTask(task) && task.live !== undefined && !isRunning(task));
  const deleteOnSuccess = idleHooks.filter((task) => hasDeletePolicy(task, "HookSucceeded"));
  const deleteOnFailure = idleHooks.filter((task) => hasDeletePolicy(task, "HookFailed"));
  const failHooks = tasks.filter(({ phase }) => phase === "SyncFail");
  const regular = tasks.filter(({ phase }) => phase !== "SyncFail");
  if (regular.some(isFailed)) {
    const failed = regular.filter(({ result }) => result?.status === "SyncFailed");
    const reason = "one or more synchronization tasks completed unsuccessfully";
    return { release: ended, next: { do: "fail", reason, failed, failHooks, deleteHooks: deleteOnFailure } };
  }
  const pending = regular.filter(isPending).filter((task) => !settings.applyOutOfSyncOnly || isOutOfSync(task));
  const [nextTask] = pending;
  if (nextTask === undefined) {
    const message = "successfully synced (no more tasks)";
    return { release: ended, next: { do: "succeed", message, deleteHooks: deleteOnSuccess } };
  }
  const group = pending.filter(({ phase, wave }) => phase === nextTask.phase && wave === nextTask.wave);
  const isLast = group.length === pending.length;
  return { release: ended, next: { do: "run", tasks: group, isLast, failHooks, deleteOnSuccess, deleteOnFailure } };
}

export function isOutOfSync(task: Task): boolean {
  return isHookTask(task) || task.modified || task.target === undefined || task.live === undefined;
}

/** Says what a sync waits for, in the words that tools parse. */
export function waitingMessage(tasks: readonly Task[], settings: SyncSettings, isDeletion: boolean): string {
  const [first] = tasks;
  if (first === undefined) return "";
  const hooks = tasks.filter(isHookTask);
  const unconfirmed = settings.pruneConfirmed ? [] : tasks.filter((task) => needsConfirmation(task, settings));
  if (unconfirmed[0] !== undefined) {
    const rest = unconfirmed.length - 1;
    return describe("pruning confirmation of", unconfirmed[0], rest, hooks.length === tasks.length);
  }
  const hooksSuffix = hooks.length > 0 ? " hook" : "";
  const reason = isDeletion
    ? `deletion of${hooksSuffix}`
    : hooks.length > 0
      ? "completion of hook"
      : "healthy state of";
  return describe(reason, hooks[0] ?? first, tasks.length - 1, hooks.length === tasks.length);
}

function describe(reason: string, task: Task, rest: number, onlyHooks: boolean): string {
  const { group, kind, name } = partsOf(objectOf(task));
  const more = rest > 0 ? ` and ${rest} more ${onlyHooks ? "hooks" : "resources"}` : "";
  return `waiting for ${reason} ${group}/${kind}/${name}${more}`;
}

/** Whether a person must agree before this object is pruned. */
export function needsConfirmation(task: Task, { pruneOption }: SyncSettings): boolean {
  if (!isPrune(task) || task.live === undefined) return false;
  return (syncOption(task.live, "Prune") ?? pruneOption) === "confirm";
}

/** The message of a sync that failed, with the distinct reasons of what failed. */
export function failureMessage(reason: string, failed: readonly Task[]): string {
  const reasons = [...new Set(failed.map(({ result }) => result?.message ?? ""))];
  return reasons.length === 0 ? reason : `${reason}, reason: ${reasons.join(",")}`;
}
