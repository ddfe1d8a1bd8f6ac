import type { KubeObject } from "../../apimachinery/index.ts";
import type { Condition, ResourceStatus, SyncStatusCode } from "../../apis/index.ts";
import { applicationHealth, type Part } from "../health/application-health.ts";
import { resourceHealth } from "../health/resource-health.ts";
import { keyOf, partsOf } from "../object/key.ts";
import { compareOption, roleOf, syncOption, waveOf } from "../object/sync-annotations.ts";
import type { Pair } from "../sync/plan-tasks.ts";
import { objectOf } from "../sync/task.ts";
import type { Target } from "../target/normalize-targets.ts";
import { isSelfReferenced, trackingIdOf } from "../target/tracking.ts";

export type CompareInput = {
  /** Name of the application as tracking ids say it. */
  app: string;
  /** `namespace/name` of the application. */
  qualifiedName: string;
  targets: readonly Target[];
  /** The live object of each target, in the target's version, by key. */
  liveOf: (target: Target) => KubeObject | undefined;
  /** Live objects whose tracking id names the application. */
  owned: readonly KubeObject[];
  isModified: (target: Target, live: KubeObject) => boolean;
  /** Whether the project lets the application have such an object. */
  isPermitted: (object: KubeObject) => boolean;
  /** Whether `managedNamespaceMetadata` is not what was synced last. */
  hasChangedNamespaceMetadata: boolean;
  /** Value of the application's sync option `Delete` and `Prune`, which resources may override. */
  confirmOptions: { delete: string | undefined; prune: string | undefined };
};

export type Comparison = {
  status: SyncStatusCode;
  /** What is or should be there, hooks that exist included. */
  pairs: Pair[];
  /** Hooks that the source has; they exist only while a sync needs them. */
  hooks: Target[];
  resources: ResourceStatus[];
  health: ReturnType<typeof applicationHealth>;
  warnings: Condition[];
};

/** Compares what the source wants with what the cluster has. */
export function compareApplication(input: CompareInput): Comparison {
  const roles = new Map(input.targets.map((target) => [target, roleOf(target.object).role]));
  const wanted = input.targets.filter((target) => roles.get(target) === "resource" || roles.get(target) === "skip");
  const pairs = [...wanted.map((target) => pairOf(target, input)), ...extraneous(wanted, input)];
  const compared = pairs.map((pair) => ({ pair, status: statusOf(pair), part: partOf(pair) }));
  const isOut = compared.some(({ pair, status }) => status === "OutOfSync" && !isExcused(pair));
  const resources = compared.map(({ pair, status, part }) => {
    const isPermitted = input.isPermitted(objectOf(pair));
    return resourceStatus(pair, isPermitted ? status : "Unknown", part, input);
  });
  return {
    status: isOut || input.hasChangedNamespaceMetadata ? "OutOfSync" : "Synced",
    pairs,
    hooks: input.targets.filter((target) => roles.get(target) === "hook"),
    resources: resources.sort(compareResources),
    health: applicationHealth(compared.map(({ part }) => part)),
    warnings: pairs.flatMap((pair) => sharedWarning(pair, input) ?? []),
  };
}

function pairOf(target: Target, input: CompareInput): Pair {
  const live = input.liveOf(target);
  const { key } = target;
  return live === undefined
    ? { key, target, modified: true }
    : { key, target, live, modified: input.isModified(target, live) };
}

/** What the application owns and the source does not want (any longer). */
function extraneous(wanted: readonly Target[], { owned, isPermitted }: CompareInput): Pair[] {
  const keys = new Set(wanted.map(({ key }) => key));
  const extra = owned.filter((live) => !keys.has(keyOf(live)) && isPermitted(live));
  return extra.map((live) => ({ key: keyOf(live), live, modified: true }));
}

/** Hooks, skipped objects and copies made by others have no status. */
function statusOf({ target, live, modified }: Pair): SyncStatusCode | undefined {
  const object = objectOf({ target, live });
  const hasStatus = roleOf(object).role === "resource" && isSelfReferenced(live, target?.object);
  if (!hasStatus) return undefined;
  return modified || target === undefined || live === undefined ? "OutOfSync" : "Synced";
}

/** An object that is too much may ask that nobody minds. */
function isExcused({ target, live }: Pair): boolean {
  return target === undefined && live !== undefined && compareOption(live, "IgnoreExtraneous");
}

function partOf({ target, live }: Pair): Part {
  return {
    ...(target !== undefined && { target: target.object }),
    ...(live !== undefined && { live }),
    health: live === undefined ? undefined : resourceHealth(live),
  };
}

function resourceStatus(
  { target, live }: Pair,
  status: SyncStatusCode | undefined,
  { health }: Part,
  { confirmOptions }: CompareInput,
): ResourceStatus {
  const object = objectOf({ target, live });
  const { group, kind, namespace, name } = partsOf(live ?? object);
  const version = object.apiVersion.slice(object.apiVersion.indexOf("/") + 1);
  const isHook = roleOf(object).role === "hook";
  const requiresPruning = target === undefined && isSelfReferenced(live, undefined);
  const shown = live === undefined ? ({ status: "Missing", message: "" } as const) : health;
  const confirm = [object, live].some(
    (one) =>
      one !== undefined &&
      ((syncOption(one, "Delete") ?? confirmOptions.delete) === "confirm" ||
        (syncOption(one, "Prune") ?? confirmOptions.prune) === "confirm"),
  );
  const wave = waveOf(object);
  return {
    ...(group !== "" && { group }),
    version,
    kind,
    ...(namespace !== "" && { namespace }),
    name,
    ...(status !== undefined && { status }),
    ...(shown !== undefined && { health: { status: shown.status, ...(shown.message && { message: shown.message }) } }),
    ...(isHook && { hook: true }),
    ...(requiresPruning && { requiresPruning }),
    ...(confirm && { requiresDeletionConfirmation: true }),
    ...(wave !== 0 && { syncWave: wave }),
  };
}

function compareResources(a: ResourceStatus, b: ResourceStatus): number {
  const [left, right] = [a, b].map(
    ({ group = "", kind, namespace = "", name }) => `${group}/${kind}/${namespace}/${name}`,
  );
  if (left === right) return 0;
  return left !== undefined && right !== undefined && left < right ? -1 : 1;
}

function sharedWarning({ target, live }: Pair, { app, qualifiedName }: CompareInput): Condition | undefined {
  const owner = live === undefined || target === undefined ? undefined : trackingIdOf(live)?.app;
  if (live === undefined || owner === undefined || owner === "" || owner === app) return undefined;
  if (!isSelfReferenced(live, undefined)) return undefined;
  const message = `${live.kind}/${live.metadata.name} is part of applications ${qualifiedName} and ${owner.replace("_", "/")}`;
  return { type: "SharedResourceWarning", message };
}
