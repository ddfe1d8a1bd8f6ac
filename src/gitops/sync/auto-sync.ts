import { deepEqual } from "../../apimachinery/index.ts";
import type {
  ApplicationSource,
  ApplicationStatus,
  Condition,
  Operation,
  OperationState,
  ResourceStatus,
  SyncPolicy,
  SyncStatusCode,
} from "../../apis/index.ts";

export type AutoSyncInput = {
  policy: SyncPolicy | undefined;
  /** All sources, and whether they stand in `sources`. */
  sources: readonly ApplicationSource[];
  isMultiSource: boolean;
  /** The commits that the comparison was made with, one per source. */
  revisions: readonly string[];
  status: SyncStatusCode;
  resources: readonly ResourceStatus[];
  /** The last operation; none of them runs. */
  last: ApplicationStatus["operationState"];
  now: Date;
  /** Whether something has happened that a failed sync may have waited for. */
  mayHaveHealed: boolean;
};

export type AutoSync =
  | { do: "nothing"; why: string }
  | { do: "later"; afterMs: number }
  | { do: "start"; operation: Operation }
  | { do: "complain"; condition: Condition; afterMs: number | undefined };

/** Argo CD's retry limit of automatic syncs whose application names none. */
const retryLimit = 5;

/** Drift is undone at once this many times in a row; then somebody fights for the field and we slow down. */
const healsAtOnce = 5;
/** Argo CD's self-heal backoff: 2 s, times 3 each time, up to 5 minutes. */
const healWaitMs = 2_000;
const healFactor = 3;
const healWaitMsMax = 300_000;
/** After this long without a heal the fight is over. */
const healQuietMs = 60_000;
/** A failure that can heal by itself is tried again at this pace once the retries are used up: `maxDuration`'s default. */
const healableWaitMs = 180_000;

/** Says whether an application must be synced now, and how. */
export function decideAutoSync(input: AutoSyncInput): AutoSync {
  const { policy, status, resources, last, now } = input;
  const automated = policy?.automated;
  if (automated === undefined || automated.enabled === false) return nothing("automatic syncs are off");
  if (status !== "OutOfSync") return nothing(`status is ${status}`);
  const prune = automated.prune ?? false;
  const open = resources.filter((resource) => resource.status !== "Synced");
  if (!prune && resources.length > 0 && open.every(({ requiresPruning }) => requiresPruning === true)) {
    return nothing("only prunes remain and they are not automatic");
  }
  const attempted = hasAttempted(input);
  const operation = automaticOperation(input, prune);
  if (attempted && last !== undefined && last.phase !== "Succeeded") return afterFailure(input, last, operation);
  if (attempted && automated.selfHeal !== true) return nothing("this revision was synced already");
  if (prune && automated.allowEmpty !== true && resources.every(({ requiresPruning }) => requiresPruning === true)) {
    const message = `Skipping sync attempt to ${list(input.revisions)}: auto-sync will wipe out all resources`;
    return { do: "complain", condition: { type: "SyncError", message }, afterMs: undefined };
  }
  if (!attempted) return { do: "start", operation };
  const attempts = healAttempts(last, now);
  const waitMs = healDelayMs(attempts) - (now.getTime() - finishedMs(last, now));
  if (attempts > 0 && waitMs > 0) return { do: "later", afterMs: waitMs };
  return { do: "start", operation: healing(operation, open, attempts + 1) };
}

function nothing(why: string): AutoSync {
  return { do: "nothing", why };
}

function afterFailure(input: AutoSyncInput, last: OperationState, operation: Operation): AutoSync {
  const message = `Failed last sync attempt to ${list(attemptedRevisions(last))}: ${last.message ?? ""}`;
  const condition: Condition = { type: "SyncError", message };
  if (!canHeal(last)) return { do: "complain", condition, afterMs: undefined };
  const waitMs = healableWaitMs - (input.now.getTime() - finishedMs(last, input.now));
  if (input.mayHaveHealed || waitMs <= 0) return { do: "start", operation };
  return { do: "complain", condition, afterMs: waitMs };
}

/**
 * Whether a sync failed for want of something that others may still bring: a CRD, a namespace, a server that answers. Argo CD
 * never tries these again; packages that need each other would stay broken.
 */
export function canHeal({ phase, message = "", syncResult }: OperationState): boolean {
  const results = syncResult?.resources ?? [];
  if (results.some(({ hookType, hookPhase }) => hookType !== undefined && hookPhase === "Failed")) return false;
  const reasons = results.filter(({ status }) => status === "SyncFailed").map((result) => result.message ?? "");
  const all = reasons.length > 0 ? reasons : [message];
  return (
    phase !== "Succeeded" &&
    all.some((reason) => /not found|could not find|being terminated|timed out|unavailable|connect/i.test(reason))
  );
}

/** Whether these revisions of these sources are what the last operation synced, or tried to. */
function hasAttempted({ last, revisions, sources, isMultiSource }: AutoSyncInput): boolean {
  if (last === undefined) return false;
  const { syncResult } = last;
  if (syncResult === undefined) return true;
  if (!deepEqual(attemptedRevisions(last), revisions)) return false;
  return isMultiSource ? deepEqual(syncResult.sources, sources) : deepEqual(syncResult.source, sources[0]);
}

function attemptedRevisions({ syncResult }: OperationState): readonly string[] {
  if (syncResult === undefined) return [];
  return syncResult.revisions ?? (syncResult.revision === "" ? [] : [syncResult.revision]);
}

function automaticOperation({ policy, sources, isMultiSource, revisions }: AutoSyncInput, prune: boolean): Operation {
  const [source] = sources;
  const from = isMultiSource
    ? { sources: [...sources], revisions: [...revisions] }
    : { ...(source !== undefined && { source }), revision: revisions[0] ?? "" };
  const syncOptions = policy?.syncOptions;
  return {
    initiatedBy: { automated: true },
    retry: policy?.retry ?? { limit: retryLimit },
    sync: { ...from, ...(prune && { prune }), ...(syncOptions !== undefined && { syncOptions }) },
  };
}

function healing(operation: Operation, open: readonly ResourceStatus[], attempts: number): Operation {
  const resources = open.map(({ group = "", kind = "", name = "", namespace }) => ({
    ...(group !== "" && { group }),
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
  }));
  return { ...operation, sync: { ...operation.sync, resources, autoHealAttemptsCount: attempts } };
}

function healAttempts(last: AutoSyncInput["last"], now: Date): number {
  if (last === undefined || now.getTime() - finishedMs(last, now) > healQuietMs) return 0;
  return last.operation.sync?.autoHealAttemptsCount ?? 0;
}

function healDelayMs(attempts: number): number {
  if (attempts < healsAtOnce) return 0;
  return Math.min(healWaitMsMax, healWaitMs * healFactor ** (attempts - healsAtOnce));
}

function finishedMs(last: AutoSyncInput["last"], now: Date): number {
  return last?.finishedAt === undefined ? now.getTime() : Date.parse(last.finishedAt);
}

/** As Go prints a list of texts. */
function list(revisions: readonly string[]): string {
  return `[${revisions.join(" ")}]`;
}
