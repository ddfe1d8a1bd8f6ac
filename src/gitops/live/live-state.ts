import type { KubeObject } from "../../apimachinery/index.ts";
import { type Client, type Informer, type Resource, startInformer } from "../../client/index.ts";
import type { Log } from "../../lib/index.ts";
import { keyOf, type ObjectKey } from "../object/key.ts";
import { applicationOf } from "../target/tracking.ts";

/** The objects of the cluster that applications could own, kept equal to it by watches of the kinds in use. */
export type LiveState = AsyncDisposable & {
  /** Watches these resources too; resolves when their objects are known. */
  watch(resources: Iterable<Resource>): Promise<void>;
  /** Stops watching a resource that the cluster does not serve any longer. */
  forget(resource: Pick<Resource, "group" | "kind">): Promise<void>;
  get(key: ObjectKey): KubeObject | undefined;
  /** All objects of a kind. */
  all(resource: Pick<Resource, "group" | "kind">): KubeObject[];
  /** The objects that belong to an application. */
  ownedBy(app: string): KubeObject[];
  /** Takes in what the server answered to a write of ours, before the watch tells it. */
  put(object: KubeObject): void;
  /** Takes in that an object is gone. */
  remove(object: KubeObject): void;
};

export type LiveStateOptions = {
  client: Client;
  log: Log;
  /** Told once of each change, by whom ever; `after` is absent when the object is gone. */
  onChange: (key: ObjectKey, before: KubeObject | undefined, after: KubeObject | undefined) => void;
};

/** How long the first list of a resource may take; what takes longer fails the application that needs it, and is tried again. */
const syncMsMax = 10_000;

/** How many deleted objects are remembered: far more than go while one answer of the server is on its way. */
const goneMax = 10_000;

export function createLiveState({ client, log, onChange }: LiveStateOptions): LiveState {
  const objects = new Map<ObjectKey, KubeObject>();
  const owned = new Map<string, Set<ObjectKey>>();
  const informers = new Map<string, Informer<KubeObject>>();
  /** Uids of objects that are gone, oldest first: late answers and late events must not bring them back. */
  const gone = new Set<string>();

  const set = (key: ObjectKey, object: KubeObject | undefined) => {
    const before = objects.get(key);
    const [was, is] = [before && applicationOf(before), object && applicationOf(object)];
    if (object === undefined) objects.delete(key);
    else objects.set(key, object);
    if (was !== undefined && was !== is) {
      owned.get(was)?.delete(key);
      if (owned.get(was)?.size === 0) owned.delete(was);
    }
    if (is !== undefined) owned.set(is, (owned.get(is) ?? new Set()).add(key));
  };
  const put = (object: KubeObject) => {
    const key = keyOf(object);
    const before = objects.get(key);
    if (gone.has(object.metadata.uid ?? "") || !isNewer(object, before)) return;
    set(key, object);
    onChange(key, before, object);
  };
  const remove = (object: KubeObject) => {
    const { uid = "" } = object.metadata;
    gone.add(uid);
    const [oldest] = gone;
    if (gone.size > goneMax && oldest !== undefined) gone.delete(oldest);
    const key = keyOf(object);
    if (objects.get(key)?.metadata.uid === uid) set(key, undefined);
  };
  const unseen = (object: KubeObject) => {
    remove(object);
    onChange(keyOf(object), object, undefined);
  };
  return {
    async watch(resources) {
      const waits = [...resources].map((resource) => {
        const name = `${resource.group}/${resource.kind}`;
        const informer =
          informers.get(name) ?? startInformer(client, resource, { log, onChange: put, onDelete: unseen });
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
      for (const [key, object] of [...objects]) {
        if (!key.startsWith(`${group}/${kind}/`)) continue;
        set(key, undefined);
        onChange(key, object, undefined);
      }
    },
    get: (key) => objects.get(key),
    all: ({ group, kind }) =>
      [...(informers.get(`${group}/${kind}`)?.all() ?? [])].flatMap((object) => objects.get(keyOf(object)) ?? []),
    ownedBy: (app) => [...(owned.get(app) ?? [])].flatMap((key) => objects.get(key) ?? []),
    put,
    remove,
    async [Symbol.asyncDispose]() {
      await Promise.all([...informers.values()].map((informer) => informer[Symbol.asyncDispose]()));
      informers.clear();
    },
  };
}

/** Resource versions of one resource are numbers that grow (KEP-5504), also from an object to the next one of its name. */
function isNewer(object: KubeObject, known: KubeObject | undefined): boolean {
  return known === undefined || Number(object.metadata.resourceVersion) > Number(known.metadata.resourceVersion);
}
