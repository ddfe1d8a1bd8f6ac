import { hash } from "node:crypto";
import type { KubeObject } from "../../apimachinery/index.ts";

/**
 * Remembers whether live objects differ from targets, as long as neither changes in a way that counts. Targets are known by
 * identity: a source that did not change gives the same objects again.
 */
export type DiffMemo = {
  get(target: KubeObject, live: KubeObject): boolean | undefined;
  set(target: KubeObject, live: KubeObject, modified: boolean): void;
};

export function createDiffMemo(manager: string): DiffMemo {
  const known = new WeakMap<KubeObject, { live: WeakRef<KubeObject>; digest: string; modified: boolean }>();
  return {
    get(target, live) {
      const entry = known.get(target);
      if (entry === undefined) return undefined;
      if (entry.live.deref() === live) return entry.modified;
      return entry.digest === digestOf(live, manager) ? entry.modified : undefined;
    },
    set(target, live, modified) {
      known.set(target, { live: new WeakRef(live), digest: digestOf(live, manager), modified });
    },
  };
}

/** Everything that an apply by `manager` could depend on; not the status, which only others write. */
function digestOf(object: KubeObject, manager: string): string {
  const { status, metadata, ...rest } = object;
  const { resourceVersion, generation, managedFields, ...kept } = metadata;
  const own = managedFields?.filter((entry) => entry.manager === manager).map(({ fieldsV1 }) => fieldsV1);
  return hash("sha1", JSON.stringify([rest, kept, own]), "base64");
}
