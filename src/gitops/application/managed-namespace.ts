import { isFields, type KubeObject, valueAt } from "../../apimachinery/index.ts";
import type { Application, NamespaceMetadata } from "../../apis/index.ts";
import { isNamespace, keyOf, type ObjectKey } from "../object/key.ts";
import type { Pair } from "../sync/plan-tasks.ts";

/**
 * The destination's namespace, when a sync with `CreateNamespace=true` has to make it or to change its labels and
 * annotations. A namespace that is part of the source is the source's business.
 */
export function managedNamespace(
  { spec }: Application,
  pairs: readonly Pair[],
  liveOf: (key: ObjectKey) => KubeObject | undefined,
): Pair | undefined {
  const name = spec.destination.namespace;
  const isTarget = pairs.some(
    ({ target }) => target !== undefined && isNamespace(target.object) && target.object.metadata.name === name,
  );
  if (!name || isTarget) return undefined;
  const metadata = spec.syncPolicy?.managedNamespaceMetadata;
  const object: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name, ...metadata } };
  const key = keyOf(object);
  const live = liveOf(key);
  const target = { key, object, file: "", line: 0 };
  if (live === undefined) return { key, target, modified: true };
  return hasMetadata(live.metadata, metadata) ? undefined : { key, target, live, modified: true };
}

/** Whether `managedNamespaceMetadata` has changed since it was synced last. */
export function hasChangedNamespaceMetadata({ spec, status }: Application): boolean {
  const wanted = spec.syncPolicy?.managedNamespaceMetadata;
  const result = status?.operationState?.syncResult;
  if (wanted === undefined || result === undefined) return false;
  const synced = result.managedNamespaceMetadata;
  return !hasMetadata(synced, wanted) || !hasMetadata(wanted, synced);
}

/** Whether every label and annotation in `part` is in `whole`. */
function hasMetadata(whole: NamespaceMetadata | undefined, part: NamespaceMetadata | undefined): boolean {
  return ["labels", "annotations"].every((kind) => {
    const wanted = valueAt(part, kind);
    return !isFields(wanted) || Object.entries(wanted).every(([name, value]) => valueAt(whole, kind, name) === value);
  });
}
