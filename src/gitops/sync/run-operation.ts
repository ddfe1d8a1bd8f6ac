import type { KubeObject } from "../../apimachinery/index.ts";
import type { OperationState } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import { isNamespace, partsOf } from "../object/key.ts";
import { unknownKind } from "./cluster-writer.ts";
import { decideStep, failureMessage, hookOutcome, observeRunning, waitingMessage } from "./decide-step.ts";
import { type PlanInput, planTasks } from "./plan-tasks.ts";
import { failureAt, finishHooks, isWrongManifest, type RunContext, runTasks, validates } from "./run-tasks.ts";
import {
  hasDeletePolicy,
  isCompleted,
  isHookTask,
  isPending,
  isPrune,
  isRunning,
  objectOf,
  type Results,
  recordResult,
  resultKeyOf,
  resultsFrom,
  type Task,
} from "./task.ts";

/** What the source wants and the cluster has, as it is right now. */
export type Observation = Omit<PlanInput, "results" | "settings" | "startedAt" | "isKnown">;

export type OperationContext = RunContext & {
  /** Looks again at the cluster; called after each step. */
  observe: () => Observation;
  /** Why the project does not let the application have an object, if it does not. */
  forbidden: (object: KubeObject) => string | undefined;
  /** Whether what somebody changes while the sync waits is changed back. */
  mayHeal: boolean;
  /** Wait between waves; 0 goes on at once. */
  waveDelayMs: number;
};

/** `hasHealed` says that something was changed back. */
export type Advance = { state: OperationState; resumeAfterMs?: number; hasHealed?: boolean };

/**
 * Carries an operation on as far as it gets without waiting. Call it again when something has changed: the state holds all
 * that it needs to go on, also after a restart.
 */
export async function advanceOperation(state: OperationState, context: OperationContext): Promise<Advance> {
  const sync = new Sync(state, context);
  return state.phase === "Terminating" ? await sync.terminate() : await sync.advance();
}

class Sync {
  readonly #state: OperationState;
  readonly #context: OperationContext;
  #results: Results;
  #failHookRounds = 0;
  #hasHealed = false;

  constructor(state: OperationState, context: OperationContext) {
    this.#state = state;
    this.#context = context;
    this.#results = resultsFrom(state.syncResult?.resources);
  }

  async advance(): Promise<Advance> {
    let isStarted = this.#results.size > 0;
    for (let idleRounds = 0; ; ) {
      const tasks = this.#plan();
      if (this.#refuse(tasks)) return this.#end("Failed", this.#invalidMessage());
      if (!isStarted) {
        isStarted = true;
        const failure = await this.#start(tasks);
        if (failure !== undefined) return failure;
      }
      for (const { task, outcome } of observeRunning(this.#plan())) {
        this.#results = recordResult(this.#results, task, outcome);
      }
      const { release, next } = decideStep(this.#plan(), this.#context.settings);
      this.#results = await finishHooks({ release, remove: [] }, this.#results, this.#context);
      switch (next.do) {
        case "wait": {
          const isFirst = idleRounds++ === 0;
          const hasChanged = isFirst && ((await this.#heal()) || (await this.#checkMissing(next.missing)));
          if (!hasChanged) return this.#end("Running", next.message);
          continue;
        }
        case "succeed":
          await this.#deleteHooks(next.deleteHooks);
          return this.#end("Succeeded", next.message);
        case "fail": {
          await this.#deleteHooks(next.deleteHooks);
          const failure = await this.#fail(next.reason, next.failed, next.failHooks);
          if (failure !== undefined) return failure;
          continue;
        }
        case "run": {
          const run = await runTasks(next.tasks, this.#results, this.#context);
          this.#results = run.results;
          const done = this.#refreshed(next.tasks);
          if (run.state === "pending") {
            if (idleRounds++ > 0) return this.#end("Running", this.#pendingMessage(done));
            continue;
          }
          idleRounds = 0;
          if (run.state === "failed") {
            const failure = await this.#afterFailure(done, next.failHooks, next.deleteOnFailure);
            if (failure !== undefined) return failure;
            continue;
          }
          if (next.isLast && !done.some(isHookTask)) {
            await this.#deleteHooks(next.deleteOnSuccess);
            return this.#end("Succeeded", "successfully synced (all tasks run)");
          }
          if (!next.isLast && this.#context.waveDelayMs > 0) {
            const waiting = this.#end("Running", waitingMessage(done, this.#context.settings, false));
            return { ...waiting, resumeAfterMs: this.#context.waveDelayMs };
          }
        }
      }
    }
  }

  async terminate(): Promise<Advance> {
    const hooks = this.#plan().filter(isHookTask);
    this.#results = await finishHooks({ release: hooks.filter(isCompleted), remove: [] }, this.#results, this.#context);
    const outcomes = await Promise.all(hooks.filter(isRunning).map((task) => this.#terminateHook(task)));
    const failed = outcomes.includes("failed");
    return this.#end(failed ? "Error" : "Failed", failed ? "Operation termination had errors" : "Operation terminated");
  }

  async #terminateHook(task: Task): Promise<"done" | "failed"> {
    const { writer, settings } = this.#context;
    const status = task.result?.status;
    const record = (hookPhase: "Succeeded" | "Failed" | "Error", message: string) => {
      this.#results = recordResult(this.#results, task, { status, hookPhase, message });
    };
    try {
      const live = task.live ?? (await writer.fetchLive(objectOf(task)));
      if (live === undefined) {
        record("Succeeded", "Terminated");
        return "done";
      }
      const { hookPhase = "Failed", message = "" } = hookOutcome({ live, result: task.result });
      await writer.removeHookFinalizer(live);
      if (hookPhase === "Running" || hasDeletePolicy(task, "HookFailed")) {
        await writer.remove(live, settings.propagationPolicy);
      }
      if (hookPhase === "Succeeded") record("Succeeded", message);
      else record("Failed", hookPhase === "Failed" ? message : "Terminated");
      return "done";
    } catch (error) {
      record("Error", `Failed to delete: ${errorText(error)}`);
      return "failed";
    }
  }

  #plan(): Task[] {
    const { kinds, settings, observe } = this.#context;
    return planTasks({
      ...observe(),
      settings,
      results: this.#results,
      startedAt: new Date(this.#state.startedAt),
      isKnown: (object) => kinds.findVersion(object) !== undefined,
    });
  }

  /** The same tasks with what has been recorded since. */
  #refreshed(tasks: readonly Task[]): Task[] {
    return tasks.map((task) => ({ ...task, result: this.#results.get(resultKeyOf(task)) }));
  }

  /** Records what cannot be synced at all; kinds that are unknown or that the project does not allow. */
  #refuse(tasks: readonly Task[]): boolean {
    const { kinds, forbidden } = this.#context;
    let refused = false;
    for (const task of tasks) {
      if (task.result?.status === "Pruned") continue;
      const object = objectOf(task);
      const why =
        forbidden(object) ??
        (task.skipDryRun || kinds.findVersion(object) !== undefined ? undefined : unknownKind(object, kinds).message);
      if (why === undefined) continue;
      this.#results = recordResult(this.#results, task, { status: "SyncFailed", message: why });
      refused = true;
    }
    return refused;
  }

  #invalidMessage(): string {
    const failed = [...this.#results.values()].filter(({ status }) => status === "SyncFailed");
    const reasons = [...new Set(failed.flatMap(({ message }) => message ?? []))].sort();
    const message = "one or more synchronization tasks are not valid";
    return reasons.length === 0 ? message : `${message}: ${reasons.join("; ")}`;
  }

  /** Creates the namespace, then asks the server about every manifest before the first one is applied. */
  async #start(tasks: readonly Task[]): Promise<Advance | undefined> {
    const { settings, writer } = this.#context;
    const { namespace } = this.#context.observe();
    const created = tasks.filter(
      ({ target, live }) =>
        live === undefined &&
        target !== undefined &&
        isNamespace(target.object) &&
        target.object.metadata.name === namespace,
    );
    if (created.length > 0) {
      const run = await runTasks(created, this.#results, this.#context);
      this.#results = run.results;
      if (run.state === "failed") {
        const failHooks = tasks.filter(({ phase }) => phase === "SyncFail");
        return await this.#fail("the namespace failed to apply", this.#refreshed(created), failHooks);
      }
    }
    const tried = tasks.filter(
      (task) => !isPrune(task) && !task.skipDryRun && !created.includes(task) && task.modified,
    );
    const failed = await Promise.all(
      tried.map(async (task) => {
        const { target } = task;
        if (target === undefined) return [];
        const written = await writer.predict(target.object, validates(target.object, settings));
        if (written.ok || !isWrongManifest(task, written)) return [];
        return [{ task, message: failureAt(target, written.error) }];
      }),
    );
    for (const { task, message } of failed.flat()) {
      this.#results = recordResult(this.#results, task, { status: "SyncFailed", hookPhase: "Failed", message });
    }
    if (failed.flat().length === 0) return undefined;
    const messages = failed.flat().map(({ message }) => message);
    const message = "one or more objects failed to apply (dry run)";
    return this.#end("Failed", `${message}, reason: ${[...new Set(messages)].join(",")}`);
  }

  /**
   * A task that runs without an object would be waited for without end, so the server is asked about it.
   *
   * @returns whether there were any such tasks
   */
  async #checkMissing(tasks: readonly Task[]): Promise<boolean> {
    for (const task of tasks) {
      if ((await this.#context.writer.fetchLive(objectOf(task))) !== undefined) continue;
      const { group, kind, name } = partsOf(objectOf(task));
      const message = `Resource ${group}/${kind}/${name} is missing, it might have been deleted`;
      this.#results = recordResult(this.#results, task, { status: "SyncFailed", hookPhase: "Error", message });
    }
    return tasks.length > 0;
  }

  /**
   * A sync may wait for long, for a workload that does not get well for instance; what it has applied already is kept as it
   * is meanwhile. Argo CD heals nothing before the sync has ended.
   */
  async #heal(): Promise<boolean> {
    const drifted = this.#plan().filter(
      (task) => !isHookTask(task) && task.target !== undefined && task.result?.status === "Synced" && task.modified,
    );
    if (!this.#context.mayHeal || drifted.length === 0) return false;
    this.#results = (await runTasks(drifted, this.#results, this.#context)).results;
    this.#hasHealed = true;
    return true;
  }

  async #deleteHooks(tasks: readonly Task[]): Promise<void> {
    this.#results = await finishHooks({ release: [], remove: tasks }, this.#results, this.#context);
  }

  /** Hooks that run already may end first; `undefined` means that there is something to wait for. */
  async #afterFailure(
    tasks: readonly Task[],
    failHooks: readonly Task[],
    deleteHooks: readonly Task[],
  ): Promise<Advance | undefined> {
    const pending = failHooks.filter(isPending);
    if (tasks.some((task) => isHookTask(task) && isRunning(task))) {
      return await this.#runFailHooks(pending);
    }
    const failed = tasks.filter(({ result }) => result?.status === "SyncFailed");
    const end = await this.#fail("one or more objects failed to apply", failed, failHooks);
    if (end === undefined) return undefined;
    await this.#deleteHooks(deleteHooks);
    return this.#withResults(end);
  }

  /** Starts the hooks for failures; when there are none or all have ended, so has the sync. */
  async #fail(reason: string, failed: readonly Task[], failHooks: readonly Task[]): Promise<Advance | undefined> {
    if (!failHooks.every(isCompleted)) {
      return await this.#runFailHooks(failHooks.filter(isPending));
    }
    const failedHooks = failHooks.filter(({ result }) => result?.status === "SyncFailed");
    const more =
      failedHooks.length === 0 ? "" : `\n${failureMessage("one or more SyncFail hooks failed", failedHooks)}`;
    return this.#end("Failed", failureMessage(reason, failed) + more);
  }

  async #runFailHooks(hooks: readonly Task[]): Promise<Advance | undefined> {
    const run = await runTasks(hooks, this.#results, this.#context);
    this.#results = run.results;
    const mustWait = run.state === "pending" && this.#failHookRounds++ > 0;
    return mustWait ? this.#end("Running", this.#pendingMessage(hooks)) : undefined;
  }

  #pendingMessage(tasks: readonly Task[]): string {
    const leaving = tasks.filter((task) => isPrune(task) || hasDeletePolicy(task, "BeforeHookCreation"));
    return waitingMessage(leaving, this.#context.settings, true);
  }

  #end(phase: OperationState["phase"], message: string): Advance {
    return this.#withResults({ state: { ...this.#state, phase, message } });
  }

  #withResults({ state, ...rest }: Advance): Advance {
    const { revision = "", ...syncResult } = state.syncResult ?? {};
    const resources = [...this.#results.values()];
    return {
      ...rest,
      ...(this.#hasHealed && { hasHealed: true }),
      state: { ...state, syncResult: { ...syncResult, revision, ...(resources.length > 0 && { resources }) } },
    };
  }
}
