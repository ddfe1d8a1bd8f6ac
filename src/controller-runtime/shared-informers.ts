import type { KubeObject } from "../apimachinery/index.ts";
import { type Client, type Informer, type Resource, startInformer } from "../client/index.ts";
import type { Log } from "../lib/index.ts";

/** How long a reconcile waits to see its own writes in a cache; a watch that is later than this is broken. */
const reachedTimeoutMs = 10_000;

/** What a listener is told; see `InformerOptions` of the client. */
export type Listener<T> = {
  onChange?: (object: T, previous: T | undefined) => void;
  onDelete?: (object: T) => void;
};

/** A cache of all objects of one resource that several controllers read. Objects in it must not be changed. */
export type SharedInformer<T extends KubeObject = KubeObject> = {
  get(namespace: string | undefined, name: string): T | undefined;
  all(): T[];
  inNamespace(namespace: string): T[];
  /** Those whose controlling owner has this uid. */
  controlledBy(uid: string): T[];
  /** Tells of every object that is there, then of every change. */
  listen(listener: Listener<T>): Disposable;
  synced(timeoutMs?: number): Promise<void>;
  /**
   * Resolves when the cache shows this write of the caller's, so that the next reconcile does not repeat it; at once when
   * it does. Give up after ten seconds: the next reconcile then starts from what is known.
   */
  reached(resourceVersion: string | undefined): Promise<void>;
  /** Resolves when the object with this uid is no longer in the cache, or is there as being deleted. */
  gone(object: KubeObject): Promise<void>;
};

/** One cache per resource, however many controllers ask for it. */
export type SharedInformers = AsyncDisposable & {
  of<T extends KubeObject = KubeObject>(resource: Resource): SharedInformer<T>;
};

export function createSharedInformers(client: Client, log: Log): SharedInformers {
  const known = new Map<string, SharedInformer & AsyncDisposable>();
  return {
    of<T extends KubeObject>(resource: Resource) {
      const id = `${resource.group}/${resource.version}/${resource.resource}`;
      let informer = known.get(id);
      if (informer === undefined) {
        informer = startShared(client, resource, log);
        known.set(id, informer);
      }
      // The caller names the type of what the resource holds, as with every call of the client.
      return informer as unknown as SharedInformer<T>;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...known.values()].map((informer) => informer[Symbol.asyncDispose]()));
    },
  };
}

type Waiter = { done: () => boolean; resolve: () => void };

function startShared(client: Client, resource: Resource, log: Log): SharedInformer & AsyncDisposable {
  const namespaces = new Map<string, Map<string, KubeObject>>();
  const byController = new Map<string, Set<KubeObject>>();
  const listeners = new Set<Listener<KubeObject>>();
  let waiters: Waiter[] = [];
  let newest = 0;

  const inNamespace = (namespace: string | undefined) => namespaces.get(namespace ?? "");
  const index = (object: KubeObject) => {
    const uid = controllerUid(object);
    if (uid === undefined) return;
    const owned = byController.get(uid);
    if (owned === undefined) byController.set(uid, new Set([object]));
    else owned.add(object);
  };
  const unindex = (object: KubeObject) => {
    const uid = controllerUid(object);
    const owned = uid === undefined ? undefined : byController.get(uid);
    owned?.delete(object);
    if (uid !== undefined && owned?.size === 0) byController.delete(uid);
  };
  const settle = ({ metadata }: KubeObject) => {
    newest = Math.max(newest, Number(metadata.resourceVersion ?? 0));
    const open = waiters.filter((waiter) => {
      if (!waiter.done()) return true;
      waiter.resolve();
      return false;
    });
    waiters = open;
  };
  const informer: Informer<KubeObject> = startInformer(client, resource, {
    log,
    onChange(object, previous) {
      const { namespace = "", name = "" } = object.metadata;
      const siblings = namespaces.get(namespace) ?? new Map<string, KubeObject>();
      namespaces.set(namespace, siblings);
      const before = siblings.get(name);
      if (before !== undefined) unindex(before);
      siblings.set(name, object);
      index(object);
      for (const listener of [...listeners]) listener.onChange?.(object, previous);
      settle(object);
    },
    onDelete(object) {
      const { namespace = "", name = "" } = object.metadata;
      const siblings = namespaces.get(namespace);
      const before = siblings?.get(name);
      if (before !== undefined) unindex(before);
      siblings?.delete(name);
      if (siblings?.size === 0) namespaces.delete(namespace);
      for (const listener of [...listeners]) listener.onDelete?.(object);
      settle(object);
    },
  });
  const until = async (done: () => boolean) => {
    if (done()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, reachedTimeoutMs);
      waiters.push({
        done,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      });
    });
    waiters = waiters.filter((waiter) => waiter.done !== done);
  };
  return {
    get: (namespace, name) => inNamespace(namespace)?.get(name),
    all: () => [...namespaces.values()].flatMap((siblings) => [...siblings.values()]),
    inNamespace: (namespace) => [...(inNamespace(namespace)?.values() ?? [])],
    controlledBy: (uid) => [...(byController.get(uid) ?? [])],
    listen(listener) {
      listeners.add(listener);
      for (const siblings of namespaces.values())
        for (const object of siblings.values()) listener.onChange?.(object, undefined);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    synced: (timeoutMs) => informer.synced(timeoutMs),
    reached: (resourceVersion) => until(() => newest >= Number(resourceVersion ?? 0)),
    gone: ({ metadata }) =>
      until(() => {
        const live = inNamespace(metadata.namespace)?.get(metadata.name ?? "");
        return live?.metadata.uid !== metadata.uid || live?.metadata.deletionTimestamp !== undefined;
      }),
    async [Symbol.asyncDispose]() {
      for (const { resolve } of waiters) resolve();
      waiters = [];
      await informer[Symbol.asyncDispose]();
    },
  };
}

function controllerUid({ metadata }: KubeObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
