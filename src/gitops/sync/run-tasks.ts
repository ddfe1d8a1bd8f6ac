import { isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { OperationPhase, ResourceResult } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import { type IgnoredPaths, withLiveValues } from "../compare/ignore-differences.ts";
import type { Kinds } from "../live/kinds.ts";
import { syncOption } from "../object/sync-annotations.ts";
import type { Target } from "../target/normalize-targets.ts";
import { type ClusterWriter, describe, type Written } from "./cluster-writer.ts";
import { needsConfirmation } from "./decide-step.ts";
import type { SyncSettings } from "./settings.ts";
import {
  hasDeletePolicy,
  isHookTask,
  isPending,
  isPrune,
  type Outcome,
  objectOf,
  type Results,
  recordResult,
  type Task,
} from "./task.ts";

/** How many requests one sync has under way at once; the API server is in this process or a short way off. */
const requestsMax = 16;

export type RunContext = {
  writer: ClusterWriter;
  kinds: Kinds;
  settings: SyncSettings;
  ignored: IgnoredPaths;
  /** Told what a target has become. */
  onApplied: (target: KubeObject, object: KubeObject) => void;
};

/** `pending` means that something has to go before the rest can be made. */
export type Run = { results: Results; state: "done" | "pending" | "failed" };

/**
 * Carries out one group of tasks: prunes, then deletes hooks of earlier syncs, then applies kind by kind.
 */
export async function runTasks(tasks: readonly Task[], before: Results, context: RunContext): Promise<Run> {
  const { settings } = context;
  const run = new RunningTasks(before);
  const again = tasks.filter((task) => isHookTask(task) && isPending(task) && task.live !== undefined);
  if (!settings.dryRun) await run.each(again, (task) => releaseHook(task, context));
  if (run.failed) return run.end("failed");

  const prunes = tasks.filter(isPrune);
  const unconfirmed = !settings.pruneConfirmed && prunes.some((task) => needsConfirmation(task, settings));
  if (unconfirmed) return run.end("pending");
  await run.each(prunes, (task) => pruneTask(task, context));
  if (run.failed) return run.end("failed");

  const stale = settings.dryRun ? [] : again.filter((task) => hasDeletePolicy(task, "BeforeHookCreation"));
  await run.each(stale, (task) => deleteHook(task, context));
  if (run.failed) return run.end("failed");
  if (stale.length > 0) return run.end("pending");

  for (const group of groupByKind(tasks.filter((task) => !isPrune(task)))) {
    await context.kinds.prepare(group.map(objectOf));
    await run.each(group, (task) => applyTask(task, context));
  }
  return run.end(run.failed ? "failed" : "done");
}

/** Lets hooks go that have ended, and deletes those whose policy says so. */
export async function finishHooks(
  { release, remove }: { release: readonly Task[]; remove: readonly Task[] },
  before: Results,
  context: RunContext,
): Promise<Results> {
  const run = new RunningTasks(before);
  await run.each(release, (task) => releaseHook(task, context));
  await run.each(remove, (task) => deleteHook(task, context));
  return run.results;
}

class RunningTasks {
  results: Results;
  failed = false;

  constructor(results: Results) {
    this.results = results;
  }

  /** Does something for each task, several at once; what it did is recorded in the order of the tasks. */
  async each(tasks: readonly Task[], act: (task: Task) => Promise<Outcome | undefined>): Promise<void> {
    for (let from = 0; from < tasks.length; from += requestsMax) {
      const some = tasks.slice(from, from + requestsMax);
      const outcomes = await Promise.all(some.map(act));
      for (const [index, task] of some.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) continue;
        this.results = recordResult(this.results, task, outcome);
        if (outcome.status === "SyncFailed" || outcome.hookPhase === "Error") this.failed = true;
      }
    }
  }

  end(state: Run["state"]): Run {
    return { results: this.results, state };
  }
}

function groupByKind(tasks: readonly Task[]): Task[][] {
  const groups: Task[][] = [];
  for (const task of tasks) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    if (group === undefined || first === undefined || objectOf(first).kind !== objectOf(task).kind) groups.push([task]);
    else group.push(task);
  }
  return groups;
}

const phaseAfter: Readonly<Record<NonNullable<ResourceResult["status"]>, OperationPhase>> = {
  Synced: "Running",
  SyncFailed: "Failed",
  Pruned: "Succeeded",
  PruneSkipped: "Succeeded",
};

function outcome(status: NonNullable<ResourceResult["status"]>, message: string): Outcome {
  return { status, message, hookPhase: phaseAfter[status] };
}

async function applyTask(task: Task, { writer, settings, ignored, onApplied }: RunContext): Promise<Outcome> {
  const { target, live } = task;
  if (target === undefined) throw new Error("A task that applies has no target");
  if (live !== undefined && isAlreadyApplied(task, live, settings, ignored)) {
    return outcome("Synced", `${describe(target.object)} unchanged`);
  }
  const object =
    live !== undefined && settings.respectIgnoreDifferences
      ? withLiveValues(target.object, live, ignored)
      : target.object;
  const written = settings.dryRun
    ? await writer.predict(object, validates(object, settings))
    : await writer.apply(object, live, settings);
  if (!written.ok) return outcome("SyncFailed", failureAt(target, written.error));
  if (settings.dryRun) return { status: "Synced", hookPhase: "Succeeded", message: written.message };
  onApplied(target.object, written.object);
  return outcome("Synced", written.message);
}

/** What would not change anything need not be sent. Fields whose differences do not count are changed all the same. */
function isAlreadyApplied(task: Task, live: KubeObject, settings: SyncSettings, ignored: IgnoredPaths): boolean {
  const { target } = task;
  if (target === undefined || task.modified || isHookTask(task) || settings.force || settings.replace) return false;
  const isSpecial = ["Replace", "Force"].some((name) => syncOption(target.object, name) === "true");
  return !isSpecial && ignored(target.object, live).length === 0;
}

export function validates(object: KubeObject, settings: SyncSettings): boolean {
  return settings.validate && syncOption(object, "Validate") !== "false";
}

/** The server's message and where the manifest stands that it is about. */
export function failureAt({ file, line }: Target, error: Error): string {
  return file === "" ? error.message : `${error.message} (${file}, line ${line})`;
}

async function pruneTask(task: Task, { writer, settings }: RunContext): Promise<Outcome | undefined> {
  const { live } = task;
  if (live === undefined) return undefined;
  if (!settings.prune) return outcome("PruneSkipped", "ignored (requires pruning)");
  if ((syncOption(live, "Prune") ?? settings.pruneOption) === "false") {
    return outcome("PruneSkipped", "ignored (no prune)");
  }
  if (settings.dryRun) return outcome("Pruned", "pruned (dry run)");
  try {
    if (live.metadata.deletionTimestamp === undefined) await writer.remove(live, settings.propagationPolicy);
    return outcome("Pruned", "pruned");
  } catch (error) {
    if (!isStatusError(error)) throw error;
    return outcome("SyncFailed", error.message);
  }
}

async function releaseHook({ live, result }: Task, { writer }: RunContext): Promise<Outcome | undefined> {
  if (live === undefined) return undefined;
  try {
    await writer.removeHookFinalizer(live);
    return undefined;
  } catch (error) {
    return {
      status: result?.status,
      hookPhase: "Error",
      message: `Failed to remove hook finalizer: ${errorText(error)}`,
    };
  }
}

async function deleteHook({ live, result }: Task, { writer, settings }: RunContext): Promise<Outcome | undefined> {
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return undefined;
  try {
    await writer.remove(live, settings.propagationPolicy);
    return undefined;
  } catch (error) {
    return { status: result?.status, hookPhase: "Error", message: `failed to delete resource: ${errorText(error)}` };
  }
}

/** Whether a dry run says that a manifest itself is wrong; other refusals may be gone when its turn comes. */
export function isWrongManifest(task: Task, written: Written): boolean {
  if (written.ok) return false;
  return (
    isStatusError(written.error, "BadRequest") || (task.live === undefined && isStatusError(written.error, "Invalid"))
  );
}
