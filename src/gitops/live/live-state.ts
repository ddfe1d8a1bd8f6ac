import type { KubeObject } from "../../apimachinery/index.ts";
import { type Client, type Informer, type Resource, startInformer } from "../../client/index.ts";
import type { Log } from "../../lib/index.ts";
import { keyOf, type ObjectKey } from "../object/key.ts";
import { trackingIdOf } from "../target/tracking.ts";

/** The objects of the cluster that applications could own, kept equal to it by watches of the kinds in use. */
export type LiveState = AsyncDisposable & {
  /** Watches these resources too; resolves when their objects are known. */
  watch(resources: Iterable<Resource>): Promise<void>;
  /** Stops watching a resource that the cluster does not serve any longer. */
  forget(resource: Pick<Resource, "group" | "kind">): Promise<void>;
  get(key: ObjectKey): KubeObject | undefined;
  /** All objects of a kind. */
  all(resource: Pick<Resource, "group" | "kind">): KubeObject[];
  /** The objects whose tracking id names an application. */
  ownedBy(app: string): KubeObject[];
  /** Takes in what the server answered to a write of ours, before the watch tells it. */
  put(object: KubeObject): void;
  /** Takes in that an object is gone. */
  remove(object: KubeObject): void;
};

export type LiveStateOptions = {
  client: Client;
  log: Log;
  /** Told of changes by others; `after` is absent when the object is gone. */
  onChange: (key: ObjectKey, before: KubeObject | undefined, after: KubeObject | undefined) => void;
};

/** How long the first list of a resource may take; what takes longer fails the application that needs it, and is tried again. */
const syncMsMax = 10_000;

/** Far more than can be deleted before the watch has told of the first of them. */
const goneMax = 10_000;

export function createLiveState({ client, log, onChange }: LiveStateOptions): LiveState {
  const objects = new Map<ObjectKey, KubeObject>();
  const owned = new Map<string, Set<ObjectKey>>();
  const informers = new Map<string, Informer<KubeObject>>();
  /** Objects that we saw go; the watch may still tell of their last changes. */
  const gone = new Set<string>();

  const set = (key: ObjectKey, object: KubeObject | undefined) => {
    const before = objects.get(key);
    const [was, is] = [before && trackingIdOf(before)?.app, object && trackingIdOf(object)?.app];
    if (object === undefined) objects.delete(key);
    else objects.set(key, object);
    if (was !== undefined && (was !== is || object === undefined)) owned.get(was)?.delete(key);
    if (is !== undefined) owned.set(is, (owned.get(is) ?? new Set()).add(key));
    return before;
  };
  const put = (object: KubeObject): boolean => {
    const key = keyOf(object);
    if (gone.has(object.metadata.uid ?? "") || !isNewer(object, objects.get(key))) return false;
    set(key, object);
    return true;
  };
  const seen = (object: KubeObject) => {
    const key = keyOf(object);
    const before = objects.get(key);
    if (put(object)) onChange(key, before, object);
  };
  const unseen = (object: KubeObject) => {
    const key = keyOf(object);
    const wasKnown = gone.delete(object.metadata.uid ?? "");
    const current = objects.get(key);
    if (current === undefined || current.metadata.uid !== object.metadata.uid) {
      if (!wasKnown) return;
      onChange(key, object, undefined);
      return;
    }
    set(key, undefined);
    onChange(key, object, undefined);
  };
  return {
    async watch(resources) {
      const waits = [...resources].map((resource) => {
        const name = `${resource.group}/${resource.kind}`;
        const informer =
          informers.get(name) ?? startInformer(client, resource, { log, onChange: seen, onDelete: unseen });
        informers.set(name, informer);
        return informer.synced(syncMsMax);
      });
      await Promise.all(waits);
    },
    async forget({ group, kind }) {
      const informer = informers.get(`${group}/${kind}`);
      if (informer === undefined) return;
      informers.delete(`${group}/${kind}`);
      await informer[Symbol.asyncDispose]();
      for (const object of [...objects.values()]) {
        if (keyOf(object).startsWith(`${group}/${kind}/`)) unseen(object);
      }
    },
    get: (key) => objects.get(key),
    all: ({ group, kind }) =>
      [...(informers.get(`${group}/${kind}`)?.all() ?? [])].flatMap((object) => objects.get(keyOf(object)) ?? []),
    ownedBy: (app) => [...(owned.get(app) ?? [])].flatMap((key) => objects.get(key) ?? []),
    put(object) {
      put(object);
    },
    remove(object) {
      const key = keyOf(object);
      const current = objects.get(key);
      if (current === undefined || current.metadata.uid !== object.metadata.uid) return;
      // Objects of kinds that nobody watches are never told to be gone.
      if (gone.size >= goneMax) gone.clear();
      gone.add(object.metadata.uid ?? "");
      set(key, undefined);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...informers.values()].map((informer) => informer[Symbol.asyncDispose]()));
      informers.clear();
    },
  };
}

/** Resource versions of one resource are numbers that grow (KEP-5504); an object made anew is always newer. */
function isNewer(object: KubeObject, known: KubeObject | undefined): boolean {
  if (known === undefined || known.metadata.uid !== object.metadata.uid) return true;
  return Number(object.metadata.resourceVersion) > Number(known.metadata.resourceVersion);
}
