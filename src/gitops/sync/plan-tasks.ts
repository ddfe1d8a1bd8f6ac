import { type KubeObject, textAt } from "../../apimachinery/index.ts";
import { groupOf, isCrd, isNamespace, keyOf, type ObjectKey } from "../object/key.ts";
import { hookFinalizer, roleOf, type SyncPhase, syncOption, waveOf } from "../object/sync-annotations.ts";
import type { Target } from "../target/normalize-targets.ts";
import { kindPosition } from "./kind-order.ts";
import type { SyncSettings } from "./settings.ts";
import { objectOf, type Results, resultKeyOf, type Task } from "./task.ts";

/** An object that the source wants, or the cluster has, or both. */
export type Pair = { key: ObjectKey; target?: Target; live?: KubeObject; modified: boolean };

export type PlanInput = {
  /** All but hooks; what belongs to others is not in it. */
  pairs: readonly Pair[];
  hooks: readonly Target[];
  /** The live object of a hook. */
  liveOf: (key: ObjectKey) => KubeObject | undefined;
  /** Namespace of the destination. */
  namespace: string;
  /** The namespace that the sync is to create or to change, if it is. */
  namespacePair?: Pair | undefined;
  /** Whether the cluster knows the kind of an object, in the object's version. */
  isKnown: (object: KubeObject) => boolean;
  settings: SyncSettings;
  revision: string;
  startedAt: Date;
  results: Results;
  /** Puts the tracking id on a hook that just got its name. */
  track: (object: KubeObject) => KubeObject;
};

/** Says what a sync has to do, in the order it does it: by phase, wave, kind and name. */
export function planTasks(input: PlanInput): Task[] {
  const { settings } = input;
  const chosen = input.pairs.filter((pair) => isChosen(pair, settings));
  const resources = chosen
    .filter(({ target, live }) => roleOf(objectOf({ target, live })).role === "resource")
    .map((pair): Task => taskOf(pair, "Sync", input));
  const hooks = settings.skipHooks ? [] : input.hooks.flatMap((hook) => hookTasks(hook, input));
  const namespace = input.namespacePair === undefined ? [] : [taskOf(input.namespacePair, "PreSync", input)];
  const ordered = withPruneWaves([...namespace, ...resources, ...hooks], settings).sort(compareTasks);
  const withNamespaces = beforeDependents(ordered, namespaceName, namespaceUsed);
  const all = beforeDependents(withNamespaces, crdKind, kindUsed);
  return all.map((task) => ({ ...task, result: input.results.get(resultKeyOf(task)) }));
}

function isChosen({ target, live }: Pair, { only }: SyncSettings): boolean {
  if (only === undefined) return true;
  const object = objectOf({ target, live });
  return only.some(
    ({ group = "", kind, name, namespace }) =>
      groupOf(object) === group &&
      object.kind === kind &&
      object.metadata.name === name &&
      (!namespace || !object.metadata.namespace || namespace === object.metadata.namespace),
  );
}

function taskOf({ target, live, modified }: Pair, phase: SyncPhase, input: PlanInput): Task {
  const object = objectOf({ target, live });
  const skipDryRun = !input.isKnown(object) && target !== undefined && mayBeUnknown(target.object, input);
  return { phase, wave: waveOf(object), target, live, modified, skipDryRun, result: undefined };
}

/** A kind may be unknown when its CRD comes with the same sync, or when somebody says so. */
function mayBeUnknown(object: KubeObject, { settings, pairs, hooks }: PlanInput): boolean {
  if (settings.skipDryRunOnMissingResource || syncOption(object, "SkipDryRunOnMissingResource") === "true") return true;
  const targets = [...pairs.flatMap(({ target }) => target ?? []), ...hooks];
  return targets.some((target) => crdKind(target.object) === kindUsed(object));
}

function hookTasks(hook: Target, input: PlanInput): Task[] {
  const { role } = roleOf(hook.object);
  const phases = role === "hook" ? phasesOf(hook.object) : [];
  return phases.map((phase) => {
    const object = namedHook(hook.object, phase, input);
    const key = keyOf(object);
    return taskOf({ key, target: { ...hook, key, object }, live: input.liveOf(key), modified: true }, phase, input);
  });
}

function phasesOf(object: KubeObject): SyncPhase[] {
  const role = roleOf(object);
  return role.role === "hook" ? role.phases : [];
}

/** Names that are generated are the same each time that one sync asks, so that it finds its hooks again. */
function namedHook(object: KubeObject, phase: SyncPhase, { revision, startedAt, track }: PlanInput): KubeObject {
  const { generateName = "", ...metadata } = object.metadata;
  const finalizers = [...new Set([...(metadata.finalizers ?? []), hookFinalizer])];
  if (metadata.name) return { ...object, metadata: { ...object.metadata, finalizers } };
  const shortRevision = revision.length >= 8 ? revision.slice(0, 7) : revision;
  const suffix = `${shortRevision}-${phase}-${Math.floor(startedAt.getTime() / 1000)}`.toLowerCase();
  return track({ ...object, metadata: { ...metadata, name: `${generateName}${suffix}`, finalizers } });
}

/** What is pruned goes in the reverse order of its waves, or after everything else. */
function withPruneWaves(tasks: readonly Task[], { pruneLast }: SyncSettings): Task[] {
  const prunes = tasks.filter(({ target }) => target === undefined);
  const waves = [...new Set(prunes.map(({ wave }) => wave))].sort((a, b) => a - b);
  const mirrored = new Map(waves.map((wave, index) => [wave, waves[waves.length - 1 - index] ?? wave]));
  const reversed = tasks.map((task) =>
    task.target === undefined ? { ...task, wave: mirrored.get(task.wave) ?? task.wave } : task,
  );
  const last = Math.max(0, ...reversed.filter(({ phase }) => phase === "Sync").map(({ wave }) => wave)) + 1;
  const isLast = ({ target, live }: Task) =>
    target === undefined && live !== undefined && (pruneLast || syncOption(live, "PruneLast") === "true");
  return reversed.map((task) => (isLast(task) ? { ...task, wave: last } : task));
}

const phaseOrder: Readonly<Record<SyncPhase, number>> = { PreSync: 0, Sync: 1, PostSync: 2, SyncFail: 3 };

function compareTasks(a: Task, b: Task): number {
  const [left, right] = [objectOf(a), objectOf(b)];
  return (
    phaseOrder[a.phase] - phaseOrder[b.phase] ||
    a.wave - b.wave ||
    kindPosition(left.kind) - kindPosition(right.kind) ||
    compareText(left.metadata.name ?? "", right.metadata.name ?? "")
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Moves what others need before the first of them, into its phase and wave: a namespace before what is in it, a CRD before
 * objects of its kind.
 */
function beforeDependents(
  tasks: readonly Task[],
  providedBy: (object: KubeObject) => string | undefined,
  neededBy: (object: KubeObject) => string | undefined,
): Task[] {
  const ordered: Task[] = [];
  for (const task of tasks) {
    const provided = task.target === undefined ? undefined : providedBy(task.target.object);
    const first =
      provided === undefined
        ? -1
        : ordered.findIndex(
            ({ target }) =>
              target !== undefined && providedBy(target.object) === undefined && neededBy(target.object) === provided,
          );
    const dependent = ordered[first];
    if (dependent === undefined) ordered.push(task);
    else ordered.splice(first, 0, { ...task, phase: dependent.phase, wave: dependent.wave });
  }
  return ordered;
}

function namespaceName(object: KubeObject): string | undefined {
  return isNamespace(object) ? object.metadata.name : undefined;
}

function namespaceUsed(object: KubeObject): string | undefined {
  return object.metadata.namespace;
}

function crdKind(object: KubeObject): string | undefined {
  return isCrd(object) ? `${textAt(object, "spec", "group")}/${textAt(object, "spec", "names", "kind")}` : undefined;
}

function kindUsed(object: KubeObject): string {
  return `${groupOf(object)}/${object.kind}`;
}
