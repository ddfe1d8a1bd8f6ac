import type { Operation, SyncResource } from "../../apis/index.ts";
import { optionIn } from "../object/sync-annotations.ts";

/** How one sync goes about it: what the operation says, its sync options included. */
export type SyncSettings = {
  prune: boolean;
  dryRun: boolean;
  /** Deletes and creates again what cannot be changed. */
  force: boolean;
  /** Only these resources; hooks do not run then. */
  only: readonly SyncResource[] | undefined;
  skipHooks: boolean;
  validate: boolean;
  replace: boolean;
  serverSideApply: boolean;
  /** Whether fields that kubectl applied from the client are taken over first. */
  migrate: boolean;
  createNamespace: boolean;
  pruneLast: boolean;
  pruneOption: string | undefined;
  pruneConfirmed: boolean;
  propagationPolicy: "Foreground" | "Background" | "Orphan";
  skipDryRunOnMissingResource: boolean;
  applyOutOfSyncOnly: boolean;
  respectIgnoreDifferences: boolean;
  failOnSharedResource: boolean;
};

const propagationPolicies = { foreground: "Foreground", background: "Background", orphan: "Orphan" } as const;

export function settingsOf(operation: Operation, pruneConfirmed: boolean): SyncSettings {
  const { sync = {} } = operation;
  const option = (name: string) => optionIn(sync.syncOptions, name);
  const only = (sync.resources?.length ?? 0) > 0 ? sync.resources : undefined;
  const { apply, hook } = sync.syncStrategy ?? {};
  const policy = option("PrunePropagationPolicy");
  return {
    prune: sync.prune ?? false,
    dryRun: sync.dryRun ?? false,
    force: (apply?.force ?? false) || (hook?.force ?? false),
    only,
    skipHooks: apply !== undefined || only !== undefined,
    validate: option("Validate") !== "false",
    replace: option("Replace") === "true",
    serverSideApply: option("ServerSideApply") === "true",
    migrate: option("ClientSideApplyMigration") !== "false",
    createNamespace: option("CreateNamespace") === "true",
    pruneLast: option("PruneLast") === "true",
    pruneOption: option("Prune"),
    pruneConfirmed,
    propagationPolicy: policy === "background" || policy === "orphan" ? propagationPolicies[policy] : "Foreground",
    skipDryRunOnMissingResource: option("SkipDryRunOnMissingResource") === "true",
    applyOutOfSyncOnly: option("ApplyOutOfSyncOnly") === "true",
    respectIgnoreDifferences: option("RespectIgnoreDifferences") === "true",
    failOnSharedResource: option("FailOnSharedResource") === "true",
  };
}
