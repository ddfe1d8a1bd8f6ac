import { deepEqual, type KubeObject } from "../../apimachinery/index.ts";
import type { Application, Condition } from "../../apis/index.ts";
import type { Manifest } from "../../render/index.ts";
import type { Kinds } from "../live/kinds.ts";
import { roleOf } from "../object/sync-annotations.ts";
import { normalizeTargets, type Target } from "../target/normalize-targets.ts";

export type Desired = { targets: readonly Target[]; warnings: readonly Condition[] };

/** Targets made of manifests before, newest first. */
export type DesiredMemory = { manifests: readonly (readonly Manifest[])[]; at: string; desired: Desired }[];

/** How many sets of targets are remembered: those of the spec and those of an operation that is behind it. */
const rememberedMax = 2;

/** Makes targets out of the manifests of all sources; the same manifests give the same targets again. */
export function desiredTargets(
  app: Application,
  manifests: readonly (readonly Manifest[])[],
  memory: DesiredMemory,
  kinds: Kinds,
): Desired {
  const namespace = app.spec.destination.namespace ?? "";
  const at = `${kinds.generation} ${namespace}`;
  const known = memory.find((entry) => entry.at === at && isSameList(entry.manifests, manifests));
  if (known !== undefined) return known.desired;
  const { targets, warnings } = normalizeTargets(manifests.flat(), {
    app: app.metadata.name,
    namespace,
    isNamespaced: (group, kind) => kinds.find(group, kind)?.namespaced,
  });
  const unsupported = targets.flatMap(({ object }) => unsupportedHook(object) ?? []);
  const desired = {
    targets: withSameObjects(targets, memory[0]?.desired.targets ?? []),
    warnings: [...warnings, ...unsupported],
  };
  memory.unshift({ manifests, at, desired });
  memory.splice(rememberedMax);
  return desired;
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Targets that did not change keep their identity, so that what is known about them stays known. */
function withSameObjects(targets: readonly Target[], before: readonly Target[]): Target[] {
  const byKey = new Map(before.map((target) => [target.key, target]));
  return targets.map((target) => {
    const old = byKey.get(target.key);
    return old !== undefined && deepEqual(old.object, target.object) ? { ...target, object: old.object } : target;
  });
}

/** Hooks that belong to the deletion of an application do nothing yet, which somebody may rely on. */
function unsupportedHook(object: KubeObject): Condition | undefined {
  const phase = object.metadata.annotations?.["argocd.argoproj.io/hook"]?.match(/PreDelete|PostDelete/)?.[0];
  if (phase === undefined || roleOf(object).role === "hook") return undefined;
  const message = `${object.kind}/${object.metadata.name} is a ${phase} hook, which is not supported yet; it is left out`;
  return { type: "ExcludedResourceWarning", message };
}
