import { deepEqual, type KubeObject } from "../../apimachinery/index.ts";
import type { Application, Condition, Operation, OperationState } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import type { SourceRequest } from "../source/references.ts";
import { decideAutoSync } from "../sync/auto-sync.ts";
import { beginAttempt, formatTime, nextAttemptAt, settleAttempt } from "../sync/retry.ts";
import { type Advance, advanceOperation } from "../sync/run-operation.ts";
import { settingsOf } from "../sync/settings.ts";
import { withTrackingId } from "../target/tracking.ts";
import { sourcesOf } from "./build-status.ts";
import type { Comparison } from "./compare-application.ts";
import type { ClusterView } from "./live-differences.ts";
import { managedNamespace } from "./managed-namespace.ts";
import type { Observed } from "./observe-application.ts";

const deletionApprovedAnnotation = "argocd.argoproj.io/deletion-approved";

export type OperateInput = {
  app: Application;
  /** The last operation, or the one that runs. */
  last: OperationState | undefined;
  /** What the sources of the application give now. */
  observed: Observed;
  comparison: Comparison;
  /** Looks at other sources or revisions, for operations that ask for them. */
  observeOther: (sources: readonly SourceRequest[], manifests: readonly string[] | undefined) => Promise<Observed>;
  onApplied: (target: KubeObject, object: KubeObject) => void;
  /** Whether the windows of the project let the application sync now. @throws {Error} when they cannot be understood */
  canSync: (sync: { isManual: boolean; startedAt?: Date }) => boolean;
  /** Why the project does not let the application have an object, if it does not. */
  forbidden: (object: KubeObject) => string | undefined;
  /** Whether something has happened that a failed sync may have waited for. */
  mayHaveHealed: boolean;
  /** Before this time the next wave does not begin. */
  resumeAtMs: number;
  /** Whether drift may be undone while a sync waits: not when that has been done too often lately. */
  mayHeal: boolean;
  view: ClusterView;
  now: () => Date;
  waveDelayMs: number;
};

export type Operated = {
  /** The operation that runs or was the last one, as it stands now. */
  state: OperationState | undefined;
  complaint?: Condition;
  /** Look again after this time even if nothing happens. */
  againAfterMs?: number;
  resumeAtMs?: number;
  /** Whether drift was undone while the sync waits. */
  hasHealed?: boolean;
};

export function isRunning(
  state: OperationState | undefined,
): state is OperationState & { phase: "Running" | "Terminating" } {
  return state?.phase === "Running" || state?.phase === "Terminating";
}

/** Windows open and shut at full minutes. */
const windowCheckMs = 60_000;

/** Windows that cannot be understood keep everything from syncing, as in Argo CD. */
function isBlocked({ canSync, last }: OperateInput, operation?: OperationState): string | undefined {
  try {
    const isManual = operation !== undefined && operation.operation.initiatedBy?.automated !== true;
    const started = last === operation ? operation?.startedAt : undefined;
    const isOpen = canSync({ isManual, ...(started !== undefined && { startedAt: new Date(started) }) });
    return isOpen ? undefined : blocked;
  } catch (error) {
    return `${blocked}: ${errorText(error)}`;
  }
}

const blocked = "Sync operation blocked by sync window";

/** The operation that runs, or waits for its next attempt, or was asked for. */
export function currentOperation(
  { operation }: Application,
  last: OperationState | undefined,
  now: Date,
): OperationState | undefined {
  return isRunning(last) ? last : operation && newOperation(operation, now);
}

/** Carries on the operation there is, or begins one if somebody asks for it or the application is to be synced by itself. */
export async function operateApplication(input: OperateInput): Promise<Operated> {
  const { app, last, observed, comparison, now } = input;
  const current = currentOperation(app, last, now());
  if (current !== undefined && !isSuperseded(current, input)) return await carryOn(current, input);
  if (current === undefined && isBlocked(input)) return { state: last, againAfterMs: windowCheckMs };
  const ended = current && (await carryOn({ ...current, phase: "Terminating" }, input)).state;
  const decision = decideAutoSync({
    policy: app.spec.syncPolicy,
    ...sourcesOf(app),
    revisions: observed.revisions,
    status: observed.error === undefined ? comparison.status : "Unknown",
    resources: comparison.resources,
    last: ended ?? last,
    now: now(),
    mayHaveHealed: input.mayHaveHealed,
  });
  const state = ended ?? last;
  switch (decision.do) {
    case "nothing":
      return { state };
    case "later":
      return { state, againAfterMs: decision.afterMs };
    case "complain":
      return { state, complaint: decision.condition, ...later(decision.afterMs) };
    case "start":
      return await carryOn(newOperation(decision.operation, now()), input);
  }
}

function later(afterMs: number | undefined): { againAfterMs?: number } {
  return afterMs === undefined ? {} : { againAfterMs: afterMs };
}

function newOperation(operation: Operation, now: Date): OperationState {
  return { operation, phase: "Running", startedAt: formatTime(now) };
}

/**
 * An automatic sync gives way to a newer revision. Argo CD would first try the old one to the end, so that a push that
 * repairs a sync has to wait for what it repairs.
 */
function isSuperseded({ operation, phase, syncResult }: OperationState, { app, observed }: OperateInput): boolean {
  if (operation.initiatedBy?.automated !== true || phase !== "Running" || observed.error !== undefined) return false;
  const { sources, isMultiSource } = sourcesOf(app);
  const { sync = {} } = operation;
  const began = isMultiSource ? (syncResult?.revisions ?? sync.revisions) : [syncResult?.revision || sync.revision];
  const from = isMultiSource ? sync.sources : sync.source;
  return !deepEqual(began, observed.revisions) || !deepEqual(from, isMultiSource ? sources : sources[0]);
}

async function carryOn(state: OperationState, input: OperateInput): Promise<Operated> {
  const wasTerminating = state.phase === "Terminating";
  const attemptAt = wasTerminating ? undefined : nextAttemptAt(state);
  const waitMs = (attemptAt?.getTime() ?? 0) - input.now().getTime();
  if (waitMs > 0 && !input.mayHaveHealed) return { state, againAfterMs: waitMs };
  const reached = await attempt(attemptAt === undefined ? state : beginAttempt(state), input);
  const { resumeAfterMs } = reached;
  const settled = settleAttempt(reached.state, input.now(), wasTerminating);
  const retryAt = nextAttemptAt(settled);
  const retryAfterMs = retryAt === undefined ? undefined : retryAt.getTime() - input.now().getTime();
  return {
    state: settled,
    ...later(retryAfterMs ?? resumeAfterMs ?? reached.againAfterMs),
    ...(reached.hasHealed === true && { hasHealed: true }),
    ...(resumeAfterMs !== undefined && { resumeAtMs: input.now().getTime() + resumeAfterMs }),
  };
}

async function attempt(state: OperationState, input: OperateInput): Promise<Advance & { againAfterMs?: number }> {
  const { sync } = state.operation;
  const ended = (phase: "Error" | "Failed", message: string, reached = state) => ({
    state: { ...reached, phase, message },
  });
  if (sync === undefined) return ended("Error", "Invalid operation request: no operation specified");
  const block = state.phase === "Running" ? isBlocked(input, state) : undefined;
  if (block !== undefined) return { state: { ...state, message: block }, againAfterMs: windowCheckMs };
  const resumeAfterMs = input.resumeAtMs - input.now().getTime();
  if (resumeAfterMs > 0 && state.phase === "Running") return { state, resumeAfterMs };
  const observed = await observeOperation(state, input);
  const begun = { ...state, syncResult: syncResultOf(state, observed, input.app) };
  if (observed.error !== undefined) {
    return ended("Error", `${observed.error.type}: ${observed.error.message}`, begun);
  }
  const settings = settingsOf(state.operation, isApproved(state, input.app));
  const shared = observed.compare().warnings.find(({ type }) => type === "SharedResourceWarning");
  if (settings.failOnSharedResource && shared !== undefined) {
    return ended("Failed", `Shared resource found: ${shared.message}`, begun);
  }
  const { app, view } = input;
  const namespace = app.spec.destination.namespace ?? "";
  return await advanceOperation(begun, {
    writer: view.writer,
    kinds: view.kinds,
    settings,
    ignored: observed.ignored,
    onApplied: input.onApplied,
    observe: () => {
      const { pairs, hooks } = observed.compare();
      return {
        pairs,
        hooks,
        liveOf: view.live.get,
        namespace,
        namespacePair: settings.createNamespace ? managedNamespace(app, pairs, view.live.get) : undefined,
        revision: observed.revisions[0] ?? "",
        track: (object) => withTrackingId(object, app.metadata.name, namespace),
      };
    },
    forbidden: input.forbidden,
    mayHeal:
      input.mayHeal &&
      state.operation.initiatedBy?.automated === true &&
      app.spec.syncPolicy?.automated?.selfHeal === true,
    waveDelayMs: input.waveDelayMs,
  });
}

/**
 * An operation may ask for other sources, revisions or manifests than the application does. Once it has begun it stays with
 * the commits that it began with.
 */
async function observeOperation(
  state: OperationState,
  { app, observed, observeOther }: OperateInput,
): Promise<Observed> {
  const { sync = {} } = state.operation;
  const { sources, isMultiSource } = sourcesOf(app);
  const own = sync.sources !== undefined && sync.sources.length > 0 ? sync.sources : sync.source && [sync.source];
  const wanted = own ?? sources;
  const asked = isMultiSource ? (sync.revisions ?? []) : [sync.revision ?? ""];
  const begun = isMultiSource ? state.syncResult?.revisions : state.syncResult && [state.syncResult.revision];
  const revisions = begun ?? asked;
  const isSame =
    sync.manifests === undefined &&
    deepEqual(wanted, sources) &&
    revisions.every((revision, index) => revision === "" || revision === observed.revisions[index]);
  if (isSame) return observed;
  const other = await observeOther(
    wanted.map((source, index) => ({ source, revision: revisions[index] ?? "" })),
    sync.manifests,
  );
  await other.predict();
  return other;
}

function syncResultOf(state: OperationState, { revisions }: Observed, app: Application): OperationState["syncResult"] {
  const { sync = {} } = state.operation;
  const { sources, isMultiSource } = sourcesOf(app);
  const managedNamespaceMetadata = app.spec.syncPolicy?.managedNamespaceMetadata;
  const source = sync.source ?? sources[0];
  const from = isMultiSource ? { sources: sync.sources ?? sources } : source !== undefined && { source };
  return {
    ...state.syncResult,
    revision: isMultiSource ? "" : (revisions[0] ?? sync.revision ?? ""),
    ...(isMultiSource && { revisions: [...revisions] }),
    ...from,
    ...(managedNamespaceMetadata !== undefined && { managedNamespaceMetadata }),
  };
}

/** Whether a person has agreed, after the operation began, that things are deleted. */
function isApproved({ startedAt }: OperationState, { metadata }: Application): boolean {
  const approved = metadata.annotations?.[deletionApprovedAnnotation];
  return approved !== undefined && Date.parse(approved) >= Date.parse(startedAt);
}
