import {
  isFields,
  isStatusError,
  type JsonObject,
  type KubeObject,
  type ManagedFieldsEntry,
  parseApiVersion,
  StatusError,
} from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { sleep } from "../../lib/index.ts";
import { resourceHealth } from "../health/resource-health.ts";
import type { Kinds } from "../live/kinds.ts";
import type { LiveState } from "../live/live-state.ts";
import { groupOf, isCrd, isNamespace } from "../object/key.ts";
import { hookFinalizer, syncOption } from "../object/sync-annotations.ts";
import type { SyncSettings } from "./settings.ts";

/** Who owns the fields we apply, as in Argo CD. */
export const fieldManager = "argocd-controller";
const clientSideManager = "kubectl-client-side-apply";

/** How long a CRD may take until its kind is served: Argo CD's `crdReadinessTimeout`. */
const establishMsMax = 3_000;
/** How long an object may take to go when it is to be made anew; what finalizers hold longer fails and is tried again. */
const recreateMsMax = 2_000;

export type Written = { ok: true; object: KubeObject; message: string } | { ok: false; error: StatusError };

/** Changes the objects of applications in the cluster, and lets the live state know at once. */
export type ClusterWriter = ReturnType<typeof createClusterWriter>;

export function createClusterWriter({ client, kinds, live }: { client: Client; kinds: Kinds; live: LiveState }) {
  const resourceOf = (object: KubeObject): Resource => {
    const resource = kinds.findVersion(object);
    if (resource === undefined) throw unknownKind(object, kinds);
    if (!object.metadata.name) throw new StatusError("BadRequest", unnamed(object));
    return resource;
  };
  const applyOnServer = async (object: KubeObject, validate: boolean, dryRun: boolean) =>
    await client.patch(resourceOf(object), nameOf(object), "apply", inScope(object), {
      fieldManager,
      force: true,
      dryRun,
      fieldValidation: validate ? "Strict" : "Ignore",
    });
  /** A target made before its kind was known may have a namespace that it cannot have. */
  const inScope = (object: KubeObject): KubeObject => {
    if (object.metadata.namespace === undefined || resourceOf(object).namespaced) return object;
    const { namespace, ...metadata } = object.metadata;
    return { ...object, metadata };
  };
  const removeNow = async (object: KubeObject) => {
    await remove(object, "Background");
    const deadline = Date.now() + recreateMsMax;
    while ((await client.get(resourceOf(object), nameOf(object))) !== undefined) {
      if (Date.now() > deadline) throw new StatusError("Timeout", `${describe(object)} is still being deleted`);
      await sleep(20);
    }
    live.remove(object);
  };

  /** Asks the server what an object would be like after it has been applied. */
  const predict = async (object: KubeObject, validate: boolean): Promise<Written> =>
    await refusalsAsValues(async () => ({
      ok: true,
      object: await applyOnServer(object, validate, true),
      message: "",
    }));

  /** Makes an object as the target says, in the way that the sync options choose. */
  const apply = async (target: KubeObject, known: KubeObject | undefined, settings: SyncSettings): Promise<Written> =>
    await refusalsAsValues(async () => {
      const has = (name: string) =>
        syncOption(target, name) === "true" || (known !== undefined && syncOption(known, name) === "true");
      const validate = settings.validate && syncOption(target, "Validate") !== "false";
      const force = settings.force || has("Force");
      const written =
        settings.replace || has("Replace")
          ? await replace(target, known, force)
          : await applyOrRecreate(target, known, { validate, force, settings });
      live.put(written.object);
      if (isCrd(target)) {
        kinds.invalidate();
        await established(written.object);
      }
      return { ok: true, ...written };
    });

  const replace = async (target: KubeObject, known: KubeObject | undefined, force: boolean) => {
    const resource = resourceOf(target);
    const name = describe(target);
    if (known === undefined) {
      return { object: await client.create(resource, inScope(target), { fieldManager }), message: `${name} created` };
    }
    const keepsContent = isCrd(target) || isNamespace(target);
    if (force && !keepsContent) {
      await removeNow(known);
      return { object: await client.create(resource, inScope(target), { fieldManager }), message: `${name} replaced` };
    }
    const { resourceVersion } = known.metadata;
    const update = {
      ...target,
      metadata: { ...target.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    };
    const object = await client.update(resource, update, { fieldManager });
    return { object, message: keepsContent ? `${target.kind}/${target.metadata.name} updated` : `${name} replaced` };
  };

  const applyOrRecreate = async (
    target: KubeObject,
    known: KubeObject | undefined,
    { validate, force, settings }: { validate: boolean; force: boolean; settings: SyncSettings },
  ) => {
    if (settings.migrate && known !== undefined) await takeOverClientSideFields(known);
    try {
      const object = await applyOnServer(target, validate, false);
      const isServerSide = settings.serverSideApply || syncOption(target, "ServerSideApply") === "true";
      return { object, message: `${describe(target)} ${changeBetween(known, object, isServerSide)}` };
    } catch (error) {
      if (!force || known === undefined || !isStatusError(error, "Invalid", "Conflict")) throw error;
      await removeNow(known);
      const object = await applyOnServer(target, validate, false);
      return { object, message: `${describe(target)} replaced` };
    }
  };

  /**
   * Fields that kubectl applied from the client would stay when they leave the source, because kubectl still owns them. So we
   * become their owner first, as Argo CD does.
   */
  const takeOverClientSideFields = async (known: KubeObject) => {
    const managedFields = takeOver(known.metadata.managedFields ?? []);
    if (managedFields === undefined) return;
    const patch = [
      { op: "test", path: "/metadata/resourceVersion", value: known.metadata.resourceVersion },
      { op: "replace", path: "/metadata/managedFields", value: managedFields },
    ];
    live.put(await client.patch(resourceOf(known), nameOf(known), "json", patch));
  };

  const established = async (crd: KubeObject) => {
    const deadline = Date.now() + establishMsMax;
    let current: KubeObject | undefined = crd;
    while (current !== undefined && resourceHealth(current)?.status !== "Healthy" && Date.now() < deadline) {
      await sleep(20);
      current = await client.get(resourceOf(crd), nameOf(crd));
      if (current !== undefined) live.put(current);
    }
    kinds.invalidate();
  };

  /** Deletes an object; finalizers may keep it for a while. */
  const remove = async (object: KubeObject, propagationPolicy: SyncSettings["propagationPolicy"]): Promise<void> => {
    const resource = resourceOf(object);
    const answer = await client.delete(resource, nameOf(object), { propagationPolicy });
    const left =
      answer === undefined || answer.kind === "Status" ? undefined : await client.get(resource, nameOf(object));
    if (left === undefined) live.remove(object);
    else live.put(left);
  };

  /** Lets go of a hook, so that whoever deletes it can. */
  const removeHookFinalizer = async (object: KubeObject): Promise<void> => {
    const resource = resourceOf(object);
    for (let attempt = 0; attempt < conflictsMax; attempt++) {
      if (attempt > 0) await sleep(conflictWaitMs * attempt);
      const current = attempt === 0 ? object : await client.get(resource, nameOf(object));
      if (current === undefined) return live.remove(object);
      const finalizers = current.metadata.finalizers ?? [];
      if (!finalizers.includes(hookFinalizer)) return;
      const { resourceVersion } = current.metadata;
      const rest = finalizers.filter((finalizer) => finalizer !== hookFinalizer);
      const metadata = { resourceVersion, finalizers: rest.length > 0 ? rest : null };
      try {
        const left = await client.patch(resource, nameOf(object), "merge", { metadata });
        if (left.metadata.deletionTimestamp !== undefined && rest.length === 0) live.remove(object);
        else live.put(left);
        return;
      } catch (error) {
        if (isStatusError(error, "NotFound")) return live.remove(object);
        if (!isStatusError(error, "Conflict")) throw error;
      }
    }
    throw new Error(`Cannot remove the hook finalizer of ${describe(object)}: it changes too often`);
  };

  /** Asks the server for an object, past what the watch has told so far. */
  const fetchLive = async (object: KubeObject): Promise<KubeObject | undefined> => {
    const current = await client.get(resourceOf(object), nameOf(object));
    if (current !== undefined) live.put(current);
    return current;
  };

  return { predict, apply, remove, removeHookFinalizer, fetchLive };
}

/** Nobody else writes a hook more than a few times in a row. */
const conflictsMax = 5;
const conflictWaitMs = 10;

/** In kubectl's words: what is applied must have a name, only hooks may generate theirs. */
function unnamed({ metadata: { generateName } }: KubeObject): string {
  return generateName ? `from ${generateName}: cannot use generate name with apply` : "resource name may not be empty";
}

/** Says in Argo CD's words that the cluster does not know a kind, or not in this version. */
export function unknownKind(object: KubeObject, kinds: Kinds): StatusError {
  const { group, version } = parseApiVersion(object.apiVersion);
  const { kind, metadata } = object;
  const wanted = `${group}/${kind} for requested resource ${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
  const other = kinds.find(group, kind);
  const message =
    other === undefined
      ? `The Kubernetes API could not find ${wanted}. Make sure the "${kind}" CRD is installed on the destination cluster.`
      : `The Kubernetes API could not find version "${version}" of ${wanted}. Version "${other.version}" of ${group}/${kind} is installed on the destination cluster.`;
  return new StatusError("NotFound", message);
}

async function refusalsAsValues(write: () => Promise<Written>): Promise<Written> {
  try {
    return await write();
  } catch (error) {
    if (isStatusError(error)) return { ok: false, error };
    throw error;
  }
}

function nameOf({ metadata: { name = "", namespace } }: KubeObject) {
  return namespace === undefined ? { name } : { name, namespace };
}

/** `deployment.apps/web`, as kubectl names it. */
export function describe(object: KubeObject): string {
  const group = groupOf(object);
  return `${object.kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${object.metadata.name}`;
}

function changeBetween(before: KubeObject | undefined, after: KubeObject, isServerSide: boolean): string {
  if (isServerSide) return "serverside-applied";
  if (before === undefined) return "created";
  return before.metadata.resourceVersion === after.metadata.resourceVersion ? "unchanged" : "configured";
}

function takeOver(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] | undefined {
  const theirs = entries.filter(({ manager, operation }) => manager === clientSideManager && operation === "Update");
  const [first] = theirs;
  if (first === undefined) return undefined;
  const isOurs = ({ manager, operation, subresource }: ManagedFieldsEntry) =>
    manager === fieldManager && operation === "Apply" && !subresource;
  const fieldsV1 = [...entries.filter(isOurs), ...theirs].map((entry) => entry.fieldsV1).reduce(union);
  const others = entries.filter((entry) => !isOurs(entry) && !theirs.includes(entry));
  return [...others, { ...first, manager: fieldManager, operation: "Apply", fieldsV1 }];
}

function union(a: JsonObject, b: JsonObject): JsonObject {
  const merged: JsonObject = { ...a };
  for (const [step, below] of Object.entries(b)) {
    const known = merged[step];
    merged[step] = isFields(known) && isFields(below) ? union(known as JsonObject, below as JsonObject) : below;
  }
  return merged;
}
