import { deepEqual, type Fields, isStatusError } from "../../apimachinery/index.ts";
import { type Application, type ApplicationStatus, type Operation, parseApplication } from "../../apis/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { backoffMs, sleep } from "../../lib/index.ts";
import type { LiveState } from "../live/live-state.ts";
import { mergePatchBetween } from "./merge-patch.ts";

export const applicationResource: Resource = {
  group: "argoproj.io",
  version: "v1alpha1",
  resource: "applications",
  kind: "Application",
  namespaced: true,
};

export type Changes = {
  status?: ApplicationStatus;
  /** The operation that runs: others must see it. */
  running?: Operation | undefined;
  /** The operation that has ended: it is taken away, unless somebody has asked for another one meanwhile. */
  ended?: Operation | undefined;
  finalizers?: string[];
  /** Annotations to take away. */
  consumed?: string[];
  project?: string;
};

/** Who writes the status, as in Argo CD. */
const fieldManager = "argocd-application-controller";

/** How often a write is tried again because somebody else wrote the application meanwhile, and how long it waits first. */
const conflictsMax = 6;
const conflictWaitMs = 5;
const conflictWaitMsMax = 100;

/**
 * Writes what has changed in an application, in one request; nothing is sent when nothing has changed. Somebody may have
 * asked meanwhile that the operation ends: that request survives the write.
 *
 * @returns the application as it is then; `undefined` when it is gone
 */
export async function writeApplication(
  app: Application,
  changes: Changes,
  { client, live }: { client: Client; live: LiveState },
): Promise<Application | undefined> {
  const { name, namespace = "" } = app.metadata;
  let current = app;
  for (let attempt = 1; attempt <= conflictsMax; attempt++) {
    const patch = patchFor(current, changes);
    if (patch === undefined) return current;
    try {
      const written = await client.patch(applicationResource, { namespace, name }, "merge", patch, { fieldManager });
      live.put(written);
      return parseApplication(written);
    } catch (error) {
      if (isStatusError(error, "NotFound")) return undefined;
      if (!isStatusError(error, "Conflict")) throw error;
      // The write that was faster may be accepted but not readable yet.
      await sleep(backoffMs(attempt, conflictWaitMs, conflictWaitMsMax));
      const fresh = await client.get(applicationResource, { namespace, name });
      if (fresh === undefined || fresh.metadata.uid !== app.metadata.uid) return undefined;
      live.put(fresh);
      current = parseApplication(fresh);
    }
  }
  throw new Error(`Cannot write application ${namespace}/${name}: others write it too often`);
}

function patchFor(app: Application, changes: Changes): Fields | undefined {
  const { status, finalizers, consumed = [], project } = changes;
  const present = consumed.filter((annotation) => app.metadata.annotations?.[annotation] !== undefined);
  const metadata = {
    ...(present.length > 0 && { annotations: Object.fromEntries(present.map((name) => [name, null])) }),
    ...(finalizers !== undefined && { finalizers: finalizers.length > 0 ? finalizers : null }),
  };
  const operationPatch = operationPatchFor(app, changes);
  const statusPatch = status === undefined ? undefined : statusPatchFor(app.status ?? {}, status);
  const spec = project === undefined || project === app.spec.project ? undefined : { project };
  const isEmpty =
    Object.keys(metadata).length === 0 &&
    operationPatch === undefined &&
    statusPatch === undefined &&
    spec === undefined;
  if (isEmpty) return undefined;
  return {
    metadata: { ...metadata, resourceVersion: app.metadata.resourceVersion },
    ...(operationPatch !== undefined && { operation: operationPatch }),
    ...(statusPatch !== undefined && { status: statusPatch }),
    ...(spec !== undefined && { spec }),
  };
}

function operationPatchFor({ operation }: Application, { running, ended }: Changes): Operation | null | undefined {
  if (operation === undefined) return running;
  return ended !== undefined && deepEqual(operation, ended) ? null : undefined;
}

/** A new time of reconciliation alone is no reason to write. */
function statusPatchFor(before: ApplicationStatus, after: ApplicationStatus): Fields | undefined {
  const isEnding = before.operationState?.phase === "Terminating" && after.operationState?.phase === "Running";
  const isSame = before.operationState?.startedAt === after.operationState?.startedAt;
  const next =
    isEnding && isSame && after.operationState !== undefined
      ? { ...after, operationState: { ...after.operationState, phase: "Terminating" as const } }
      : after;
  const patch = mergePatchBetween(before, next);
  if (patch === undefined) return undefined;
  return Object.keys(patch).every((name) => name === "reconciledAt") && before.reconciledAt !== undefined
    ? undefined
    : patch;
}
