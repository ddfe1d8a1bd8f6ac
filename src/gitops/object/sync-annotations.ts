import type { KubeObject } from "../../apimachinery/index.ts";

export type SyncPhase = "PreSync" | "Sync" | "PostSync" | "SyncFail";
export type DeletePolicy = "BeforeHookCreation" | "HookSucceeded" | "HookFailed";

const hookAnnotation = "argocd.argoproj.io/hook";
const deletePolicyAnnotation = "argocd.argoproj.io/hook-delete-policy";
const syncWaveAnnotation = "argocd.argoproj.io/sync-wave";
const syncOptionsAnnotation = "argocd.argoproj.io/sync-options";
const compareOptionsAnnotation = "argocd.argoproj.io/compare-options";
const helmHookAnnotation = "helm.sh/hook";

/** Keeps a hook until the sync has seen how it ended, even when something else deletes it. */
export const hookFinalizer = "argocd.argoproj.io/hook-finalizer";

const phases = ["PreSync", "Sync", "PostSync", "SyncFail"] as const;
const helmPhases = new Map<string, SyncPhase>([
  ["pre-install", "PreSync"],
  ["pre-upgrade", "PreSync"],
  ["post-install", "PostSync"],
  ["post-upgrade", "PostSync"],
]);
const deletePolicies = ["BeforeHookCreation", "HookSucceeded", "HookFailed"] as const;
const helmDeletePolicies = new Map<string, DeletePolicy>([
  ["before-hook-creation", "BeforeHookCreation"],
  ["hook-succeeded", "HookSucceeded"],
  ["hook-failed", "HookFailed"],
]);

/**
 * What a sync does with an object: applies and compares it, runs it as a hook in some phases, never applies it (`skip`), or
 * does not see it at all (`ignore`: hooks of kinds that only Helm or only a deletion knows).
 */
export type Role = { role: "resource" } | { role: "hook"; phases: SyncPhase[] } | { role: "skip" } | { role: "ignore" };

export function roleOf(object: KubeObject): Role {
  const named = valuesOf(object, hookAnnotation);
  const helm = valuesOf(object, helmHookAnnotation);
  if (named === undefined && (helm === undefined || helm.includes("crd-install"))) return { role: "resource" };
  const own = [...new Set((named ?? []).filter((value) => isOneOf(value, [...phases, "Skip"])))];
  if (own.length === 1 && own[0] === "Skip") return { role: "skip" };
  const chosen = own.length > 0 ? own : (helm ?? []).map((value) => helmPhases.get(value) ?? "");
  const known = phases.filter((phase) => chosen.includes(phase));
  return known.length > 0 ? { role: "hook", phases: known } : { role: "ignore" };
}

export function isHook(object: KubeObject): boolean {
  return roleOf(object).role === "hook";
}

export function hasHookFinalizer(object: KubeObject): boolean {
  return object.metadata.finalizers?.includes(hookFinalizer) ?? false;
}

/** When hooks are deleted; before they are created again unless something else is said. */
export function deletePoliciesOf(object: KubeObject): DeletePolicy[] {
  const own = (valuesOf(object, deletePolicyAnnotation) ?? []).filter((value) => isOneOf(value, deletePolicies));
  const helm = (valuesOf(object, "helm.sh/hook-delete-policy") ?? []).flatMap(
    (value) => helmDeletePolicies.get(value) ?? [],
  );
  const policies = [...own, ...helm];
  return policies.length > 0 ? policies : ["BeforeHookCreation"];
}

/** The wave of an object: a whole number, 0 when it names none. */
export function waveOf(object: KubeObject): number {
  const annotations = object.metadata.annotations ?? {};
  return integer(annotations[syncWaveAnnotation]) ?? integer(annotations["helm.sh/hook-weight"]) ?? 0;
}

/** The value of an option like `Prune=false` in the object's own sync options. */
export function syncOption(object: KubeObject, name: string): string | undefined {
  return optionIn(valuesOf(object, syncOptionsAnnotation), name);
}

export function compareOption(object: KubeObject, name: string): boolean {
  return valuesOf(object, compareOptionsAnnotation)?.includes(name) ?? false;
}

/** The value of an option in a list like `["CreateNamespace=true"]`. The last one counts. */
export function optionIn(options: readonly string[] | undefined, name: string): string | undefined {
  return options?.findLast((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Whether Helm's annotation asks to keep the object when its release goes. */
export function isKeptByHelm(object: KubeObject): boolean {
  return valuesOf(object, "helm.sh/resource-policy")?.includes("keep") ?? false;
}

function valuesOf(object: KubeObject, annotation: string): string[] | undefined {
  return object.metadata.annotations?.[annotation]
    ?.split(",")
    .map((value) => value.trim())
    .filter((value) => value !== "");
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function isOneOf<T extends string>(value: string, known: readonly T[]): value is T {
  return known.some((one) => one === value);
}
