import { deepEqual, type KubeObject } from "../../apimachinery/index.ts";
import {
  type Application,
  type AppProject,
  type Condition,
  type OperationState,
  parseAppProject,
} from "../../apis/index.ts";
import type { Result } from "../../controller-runtime/index.ts";
import { backoffMs } from "../../lib/index.ts";
import { formatKey, type ObjectKey, partsOf } from "../object/key.ts";
import { isSourcePermitted, validateApplication, whyForbidden } from "../project/permissions.ts";
import { canSync } from "../project/sync-windows.ts";
import type { SourceRequest } from "../source/references.ts";
import { basesOf } from "../source/source-memory.ts";
import { settleAttempt } from "../sync/retry.ts";
import type { ApplicationMemory } from "./application-memory.ts";
import { appendHistory, buildInvalidStatus, buildStatus, sourcesOf } from "./build-status.ts";
import { createObserveMemory, type ObserveContext, type Observed, observeApplication } from "./observe-application.ts";
import { currentOperation, isRunning, type Operated, operateApplication } from "./operate-application.ts";
import { type Changes, writeApplication } from "./write-application.ts";

export type ReconcileContext = ObserveContext & {
  /** Where Applications and AppProjects are. */
  namespace: string;
  /** Told which objects an application wants, so that it is looked at when they change. */
  onTargets: (app: Application, keys: readonly ObjectKey[]) => void;
  now: () => Date;
  random: () => number;
  waveDelayMs: number;
};

const refreshAnnotation = "argocd.argoproj.io/refresh";
const refreshTimestampAnnotation = "argocd.argoproj.io/refresh-timestamp";

/** Remote repositories are asked again after 120 s and up to 60 s more, as Argo CD does it. */
const remotePollMs = 120_000;
const remotePollJitterMs = 60_000;
/** Waits after a source that could not be read: nothing tells us when a remote one is well again. */
const loadRetryFirstMs = 2_000;
const loadRetryMaxMs = 60_000;

/** While a sync waits, drift is undone this often in this time; more means that somebody fights for a field. */
const healsMax = 5;
const healsPerMs = 60_000;

/**
 * Looks at one application: compares it, carries its operation on or begins one, and writes what has changed. It never
 * waits for the cluster to do something; what it waits for is told by events, or by the time in the result.
 */
export async function reconcileApplication(
  app: Application,
  memory: ApplicationMemory,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<Result> {
  if (app.metadata.annotations?.["argocd.argoproj.io/skip-reconcile"] === "true") return { state: "done" };
  const name = app.spec.project || "default";
  const key = formatKey({ group: "argoproj.io", kind: "AppProject", namespace: context.namespace, name });
  const found = context.live.get(key);
  const project = found === undefined ? undefined : parseAppProject(found);
  const { destination } = app.spec;
  const invalid = validateApplication({ ...sourcesOf(app), destination, project: name }, project);
  if (project === undefined || invalid.length > 0) {
    await writeInvalid(app, invalid, memory, context);
    return { state: "done" };
  }
  return await compareAndSync(app, project, memory, context, signal);
}

async function writeInvalid(
  app: Application,
  conditions: readonly Condition[],
  memory: ApplicationMemory,
  context: ReconcileContext,
): Promise<void> {
  const last = memory.unwritten ?? app.status?.operationState;
  const message = conditions.map((condition) => `${condition.type}: ${condition.message}`).join(";");
  const current = currentOperation(app, last, context.now());
  const state = current && settleAttempt({ ...current, phase: "Error", message }, context.now(), true);
  const status = buildInvalidStatus(app, conditions, state ?? last, context.now());
  await write(app, { status, ended: app.operation }, memory, context);
}

async function compareAndSync(
  app: Application,
  project: AppProject,
  memory: ApplicationMemory,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<Result> {
  const { services, kinds, now } = context;
  const { isStale, mayHaveHealed } = memory;
  // Taken before the first wait: what happens from now on is told for the next look.
  memory.isStale = false;
  memory.mayHaveHealed = false;
  const refresh = app.metadata.annotations?.[refreshAnnotation];
  if (refresh === "hard") memory.observe = createObserveMemory();
  const resolve = isStale || refresh !== undefined || now().getTime() >= memory.remoteDueAtMs;
  const isNamespaced = ({ group, kind }: { group: string; kind: string }) =>
    kinds.find(group, kind)?.namespaced ?? false;
  const forbidden = (object: KubeObject) => whyForbidden(project, object, isNamespaced(partsOf(object)));
  const observe = async (sources: readonly SourceRequest[], manifests: readonly string[] | undefined, again: boolean) =>
    await observeApplication(
      {
        app,
        isSourcePermitted: (repoURL) => isSourcePermitted(project, repoURL),
        isPermitted: (object) => forbidden(object)?.reason !== "kind",
        sources,
        manifests,
        options: {
          resolve: again,
          refresh: again && refresh !== undefined,
          rerender: again && refresh === "hard",
          signal,
        },
      },
      memory.observe,
      context,
    );

  const { sources } = sourcesOf(app);
  const requests = sources.map((source): SourceRequest => ({ source, revision: "" }));
  const observed = await observe(requests, undefined, resolve);
  const keys = observed.targets.map((target) => target.key);
  context.onTargets(app, keys);
  const followed = [...sources, ...basesOf(memory.observe.sources)];
  const isRemote = followed.some(({ repoURL }) => services.git.isLocal(repoURL) === undefined);
  const pollAfterMs = planPolling(memory, { isFailed: observed.error !== undefined, isRemote, resolve }, context);
  await observed.predict();
  const before = observed.compare();
  const last = memory.unwritten ?? app.status?.operationState;
  memory.healedAtMs = memory.healedAtMs.filter((atMs) => now().getTime() - atMs < healsPerMs);
  const operated = await operateApplication({
    app: hasEnded(app, memory) ? withoutOperation(app) : app,
    last,
    observed,
    comparison: before,
    observeOther: (others, manifests) => observe(others, manifests, false),
    onApplied: (target, object) => memory.observe.diffs.set(target, object, false),
    canSync: (sync) => canSync(project.spec.syncWindows, app, { ...sync, now: now() }),
    forbidden: (object) => forbidden(object)?.message,
    mayHaveHealed,
    resumeAtMs: memory.resumeAtMs,
    mayHeal: memory.healedAtMs.length < healsMax,
    view: context,
    now,
    waveDelayMs: context.waveDelayMs,
  });
  memory.unwritten = operated.state;
  if (operated.hasHealed === true) memory.healedAtMs.push(now().getTime());
  memory.resumeAtMs = operated.resumeAtMs ?? memory.resumeAtMs;
  await writeCompared(app, observed, operated, memory, context);
  // What has just been synced may be out of sync again already, or a new revision may have come meanwhile.
  const nextMs = operated.state !== last && !isRunning(operated.state) ? 0 : undefined;
  const timers = [pollAfterMs, operated.againAfterMs, nextMs].filter((timer) => timer !== undefined);
  return timers.length === 0 ? { state: "done" } : { state: "again", afterMs: Math.max(0, Math.min(...timers)) };
}

/** Whether the operation in the application has ended already, only that could not be written. */
function hasEnded({ operation }: Application, { unwritten }: ApplicationMemory): boolean {
  return unwritten !== undefined && !isRunning(unwritten) && deepEqual(unwritten.operation, operation);
}

function withoutOperation({ operation, ...app }: Application): Application {
  return app;
}

/** When to look again because a repository may have changed without anybody telling us. */
function planPolling(
  memory: ApplicationMemory,
  { isFailed, isRemote, resolve }: { isFailed: boolean; isRemote: boolean; resolve: boolean },
  { now, random }: ReconcileContext,
): number | undefined {
  if (isFailed) {
    memory.loadFailures++;
    memory.isStale = true;
    return backoffMs(memory.loadFailures, loadRetryFirstMs, loadRetryMaxMs);
  }
  memory.loadFailures = 0;
  const nowMs = now().getTime();
  if (!isRemote) memory.remoteDueAtMs = Number.POSITIVE_INFINITY;
  else if (resolve) memory.remoteDueAtMs = nowMs + remotePollMs + random() * remotePollJitterMs;
  return isRemote ? memory.remoteDueAtMs - nowMs : undefined;
}

async function writeCompared(
  app: Application,
  observed: Observed,
  { state, complaint }: Operated,
  memory: ApplicationMemory,
  context: ReconcileContext,
): Promise<void> {
  const isTouched = state !== undefined && state !== app.status?.operationState;
  if (isTouched) await observed.predict();
  const comparison = observed.compare();
  const conditions = [observed.error, ...observed.warnings, ...comparison.warnings, complaint];
  const now = context.now();
  const status = buildStatus({
    app,
    comparison,
    isLoaded: observed.error === undefined,
    revisions: observed.revisions,
    sourceTypes: observed.sourceTypes,
    operationState: state,
    conditions: conditions.filter((condition) => condition !== undefined),
    history: isTouched && isRemembered(state) ? appendHistory(app, state, now) : app.status?.history,
    controllerNamespace: context.namespace,
    now,
  });
  const operation = isRunning(state) ? { running: state.operation } : { ended: app.operation && state?.operation };
  await write(app, { status, ...operation }, memory, context);
}

/** Only full syncs that really happened are part of the history. */
function isRemembered({ phase, operation: { sync } }: OperationState): boolean {
  return phase === "Succeeded" && sync?.dryRun !== true && (sync?.resources?.length ?? 0) === 0;
}

async function write(
  app: Application,
  changes: Changes,
  memory: ApplicationMemory,
  context: ReconcileContext,
): Promise<void> {
  const consumed = [refreshAnnotation, refreshTimestampAnnotation];
  const project = app.spec.project === "" ? { project: "default" } : {};
  await writeApplication(app, { ...changes, consumed, ...project }, context);
  memory.unwritten = undefined;
}
