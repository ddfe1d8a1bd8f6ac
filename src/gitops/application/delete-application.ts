import { isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { Application } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import { groupOf, isCrd } from "../object/key.ts";
import { hasHookFinalizer, isKeptByHelm, optionIn, syncOption, waveOf } from "../object/sync-annotations.ts";
import { resolveDestination } from "../project/permissions.ts";
import type { SyncSettings } from "../sync/settings.ts";
import { isSelfReferenced } from "../target/tracking.ts";
import { nextConditions } from "./build-status.ts";
import type { ReconcileContext } from "./reconcile-application.ts";
import { writeApplication } from "./write-application.ts";

const finalizer = "resources-finalizer.argocd.argoproj.io";
const backgroundFinalizer = `${finalizer}/background`;
const cascading: readonly string[] = [finalizer, `${finalizer}/foreground`, backgroundFinalizer];

export type DeletionStep =
  /** Nothing is to be deleted (any longer). */
  | { do: "release" }
  /** Something of an earlier step is still going, or a person has to agree. */
  | { do: "wait"; for: KubeObject[] }
  | { do: "delete"; objects: KubeObject[]; propagationPolicy: SyncSettings["propagationPolicy"] };

/**
 * Says what the deletion of an application does next: its objects go wave by wave, the highest first, and each wave must be
 * gone before the next.
 *
 * @param owned live objects whose tracking id names the application
 */
export function decideDeletion(app: Application, owned: readonly KubeObject[]): DeletionStep {
  const finalizers = app.metadata.finalizers ?? [];
  if (!finalizers.some((name) => cascading.includes(name))) return { do: "release" };
  const going = owned.filter((object) => mayBeDeleted(app, object));
  const leaving = going.filter(
    (object) => object.metadata.deletionTimestamp !== undefined && !hasHookFinalizer(object),
  );
  if (leaving.length > 0) return { do: "wait", for: leaving };
  const unconfirmed = going.filter((object) => optionOf(app, object) === "confirm" && !isApproved(app));
  if (unconfirmed.length > 0) return { do: "wait", for: unconfirmed };
  if (going.length === 0) return { do: "release" };
  const wave = Math.max(...going.map(waveOf));
  const propagationPolicy = finalizers.includes(backgroundFinalizer) ? "Background" : "Foreground";
  return { do: "delete", objects: going.filter((object) => waveOf(object) === wave), propagationPolicy };
}

/** CRDs stay, because all objects of their kind would go with them; so does what asks to stay, and what is only a copy. */
function mayBeDeleted(app: Application, object: KubeObject): boolean {
  const isApp = object.kind === "Application" && groupOf(object) === "argoproj.io";
  const isItself =
    isApp && object.metadata.name === app.metadata.name && object.metadata.namespace === app.metadata.namespace;
  if (isCrd(object) || isItself || isKeptByHelm(object) || !isSelfReferenced(object, undefined)) return false;
  return optionOf(app, object) !== "false";
}

function optionOf(app: Application, object: KubeObject): string | undefined {
  return syncOption(object, "Delete") ?? optionIn(app.spec.syncPolicy?.syncOptions, "Delete");
}

function isApproved({ metadata }: Application): boolean {
  const approved = metadata.annotations?.["argocd.argoproj.io/deletion-approved"];
  return approved !== undefined && Date.parse(approved) >= Date.parse(metadata.deletionTimestamp ?? "");
}

/** Carries the deletion of an application on as far as it gets without waiting. */
export async function deleteApplication(app: Application, context: ReconcileContext): Promise<void> {
  const { live, kinds, writer } = context;
  const isKnownCluster = typeof resolveDestination(app.spec.destination) !== "string";
  const used = (app.status?.resources ?? []).flatMap(({ group = "", kind = "" }) => kinds.find(group, kind) ?? []);
  await live.watch(used);
  try {
    for (;;) {
      const step: DeletionStep = isKnownCluster
        ? decideDeletion(app, live.ownedBy(app.metadata.name))
        : { do: "release" };
      if (step.do === "wait") return;
      if (step.do === "release") return await release(app, context);
      for (const object of step.objects) {
        if (hasHookFinalizer(object)) await writer.removeHookFinalizer(object);
        await writer.remove(object, step.propagationPolicy);
      }
    }
  } catch (error) {
    if (!isStatusError(error)) throw error;
    const condition = { type: "DeletionError", message: errorText(error) } as const;
    const conditions = nextConditions(app.status?.conditions, [condition], ["DeletionError"], context.now());
    await writeApplication(app, { status: { ...app.status, conditions } }, context);
    throw error;
  }
}

async function release(app: Application, context: ReconcileContext): Promise<void> {
  const kept = (app.metadata.finalizers ?? []).filter((name) => !cascading.includes(name));
  if (kept.length !== app.metadata.finalizers?.length) await writeApplication(app, { finalizers: kept }, context);
}
