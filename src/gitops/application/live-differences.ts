import type { KubeObject } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import { isModified } from "../compare/compare-object.ts";
import type { DiffMemo } from "../compare/diff-memo.ts";
import type { IgnoredPaths } from "../compare/ignore-differences.ts";
import type { Kinds } from "../live/kinds.ts";
import type { LiveState } from "../live/live-state.ts";
import { formatKey, partsOf } from "../object/key.ts";
import type { ClusterWriter } from "../sync/cluster-writer.ts";
import type { Target } from "../target/normalize-targets.ts";

export type ClusterView = { client: Client; kinds: Kinds; live: LiveState; writer: ClusterWriter };

/** Live objects in the version of their target, by key, with the resource version they are of. */
export type ConvertedObjects = Map<string, { resourceVersion: string | undefined; object: KubeObject | undefined }>;

/** How many dry runs are under way at once for one application. */
const predictionsMax = 16;

/** The live object of a target, in the target's version as far as it has been converted. */
export function liveObjectOf(target: Target, converted: ConvertedObjects, view: ClusterView): KubeObject | undefined {
  const current = watchedObjectOf(target, view);
  if (current === undefined || current.apiVersion === target.object.apiVersion) return current;
  const known = converted.get(target.key);
  return known?.resourceVersion === current.metadata.resourceVersion ? (known?.object ?? current) : current;
}

/** A target that was made before its kind was known may have a namespace that its objects do not have. */
function watchedObjectOf({ key, object }: Target, { live, kinds }: ClusterView): KubeObject | undefined {
  const { group, kind, name } = partsOf(object);
  const isNamespaced = kinds.find(group, kind)?.namespaced ?? true;
  return live.get(key) ?? (isNamespaced ? undefined : live.get(formatKey({ group, kind, name })));
}

/** Objects are watched in one version; a target in another one is compared with the object read in its own. */
export async function convertLive(
  targets: readonly Target[],
  converted: ConvertedObjects,
  view: ClusterView,
): Promise<void> {
  const keys = new Set(converted.size > 0 ? targets.map(({ key }) => key) : []);
  for (const key of converted.keys()) if (!keys.has(key)) converted.delete(key);
  for (const target of targets) {
    const current = watchedObjectOf(target, view);
    const resource = view.kinds.findVersion(target.object);
    if (current === undefined || resource === undefined || current.apiVersion === target.object.apiVersion) continue;
    const { name = "", namespace, resourceVersion } = current.metadata;
    if (converted.get(target.key)?.resourceVersion === resourceVersion) continue;
    const object = await view.client.get(resource, namespace === undefined ? { name } : { name, namespace });
    converted.set(target.key, { resourceVersion, object });
  }
}

/** Asks the server what applying each target would change, unless that is known already. */
export async function predictDifferences(
  targets: readonly Target[],
  known: { converted: ConvertedObjects; diffs: DiffMemo; ignored: IgnoredPaths },
  view: ClusterView,
): Promise<void> {
  const { converted, diffs, ignored } = known;
  const unknown = targets.flatMap(({ object: target, ...place }) => {
    const live = liveObjectOf({ object: target, ...place }, converted, view);
    const isKnown = live === undefined || diffs.get(target, live) !== undefined;
    return isKnown || view.kinds.findVersion(target) === undefined ? [] : [{ target, live }];
  });
  for (let from = 0; from < unknown.length; from += predictionsMax) {
    const some = unknown.slice(from, from + predictionsMax);
    await Promise.all(
      some.map(async ({ target, live }) => {
        const written = await view.writer.predict(target, false);
        const predicted = written.ok ? written.object : undefined;
        diffs.set(target, live, isModified({ target, live, predicted, ignored }));
      }),
    );
  }
}
