import { deepEqual, type KubeObject } from "../apimachinery/index.ts";
import type { Store } from "../storage/index.ts";
import { defaultObjectAt } from "./defaults/store-with-defaults.ts";
import { decodeStored, encodeStored } from "./stored.ts";

/** The objects of all clusters in a store at one moment. It can be restored as often as wanted, in the same process. */
export type Snapshot = { readonly entries: ReadonlyMap<string, Uint8Array> };

/** CRDs come first, so that what they define is read with their schemas. */
const definitions = "/customresourcedefinitions.apiextensions.k8s.io/";

/** Costs no copies: stored bytes never change. */
export function takeSnapshot(store: Store): Snapshot {
  return { entries: new Map(store.range("/").entries.map(({ key, value }) => [key, value])) };
}

/**
 * Makes a store hold the objects of a snapshot again, with their uids. Revisions go on growing, so that watches see what
 * changes and caches stay right; no admission, no finalizer and no controller is asked.
 */
export async function restoreSnapshot(store: Store, { entries }: Snapshot): Promise<void> {
  const { entries: now } = store.range("/");
  const gone = now.filter(({ key }) => !entries.has(key)).map(({ key }) => key);
  const changed = [...entries].filter(([key, value]) => store.latest(key)?.value !== value).map(([key]) => key);
  const write = (key: string) => {
    const expected = store.latest(key)?.modRevision ?? 0;
    const value = entries.get(key);
    if (value === undefined) return remove(store, key, expected);
    const object = decodeStored(value);
    return store.put(key, expected, (revision) => encodeStored(object, revision));
  };
  // What is written in one turn appears at once.
  const isDefinition = (key: string) => key.includes(definitions);
  await Promise.all([...gone, ...changed].filter(isDefinition).map(write));
  await Promise.all([...gone, ...changed].filter((key) => !isDefinition(key)).map(write));
}

/** A default role or binding that was changed or deleted gets its first content back: it is there without being stored. */
async function remove(store: Store, key: string, expected: number): Promise<void> {
  const original = defaultObjectAt(store, key);
  const live = store.latest(key);
  if (original === undefined || live === undefined) await store.delete(key, expected);
  else if (!sameContent(decodeStored(live.value), original))
    await store.put(key, expected, (revision) => encodeStored(original, revision));
}

function sameContent(a: KubeObject, b: KubeObject): boolean {
  const revisionless = ({ metadata, ...rest }: KubeObject) => ({
    ...rest,
    metadata: { ...metadata, resourceVersion: "" },
  });
  return deepEqual(revisionless(a), revisionless(b));
}
