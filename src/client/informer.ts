import { type KubeObject, StatusError } from "../apimachinery/index.ts";
import { backoffMs, errorText, type Log, sleep } from "../lib/index.ts";
import type { Client, Resource } from "./client.ts";

/** First and longest wait after a failed list or watch; client-go's reflector uses 0.8 s and 30 s. */
const retryFirstMs = 200;
const retryMaxMs = 10_000;

export type InformerOptions<T> = {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Keeps type and metadata of each object only. */
  metadataOnly?: boolean;
  log: Log;
  /** Told of each object that is new or has changed; `previous` is absent for new ones. Called in the order of revisions. */
  onChange?: (object: T, previous: T | undefined) => void;
  /** Told of each object that is gone, with the last state known. */
  onDelete?: (object: T) => void;
};

/** A cache of the objects of one resource, kept equal to the server by list and watch. */
export type Informer<T> = AsyncDisposable & {
  get(namespace: string | undefined, name: string): T | undefined;
  all(): T[];
  /** Resolves when the first list is in the cache; rejects when the signal fires first or `timeoutMs` pass. */
  synced(timeoutMs?: number): Promise<void>;
};

/**
 * Lists, then watches, and does so again after each error, with growing waits. The cache may be behind the server, never
 * ahead; objects in it are shared and must not be changed.
 */
export function startInformer<T extends KubeObject = KubeObject>(
  client: Client,
  resource: Resource,
  options: InformerOptions<T>,
): Informer<T> {
  const objects = new Map<string, T>();
  const stop = new AbortController();
  const firstList = Promise.withResolvers<void>();
  firstList.promise.catch(() => {});
  const selection = {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    ...(options.metadataOnly === undefined ? {} : { metadataOnly: options.metadataOnly }),
  };

  const store = (object: T) => {
    const key = keyOf(object.metadata.namespace, object.metadata.name ?? "");
    const previous = objects.get(key);
    if (previous !== undefined && previous.metadata.resourceVersion === object.metadata.resourceVersion) return;
    objects.set(key, object);
    options.onChange?.(object, previous);
  };
  const drop = (key: string, last: T | undefined) => {
    const known = objects.get(key);
    objects.delete(key);
    const object = last ?? known;
    if (object !== undefined) options.onDelete?.(object);
  };
  const relist = async (): Promise<string> => {
    const { items, resourceVersion } = await client.list<T>(resource, selection);
    const present = new Set(items.map((item) => keyOf(item.metadata.namespace, item.metadata.name ?? "")));
    for (const key of [...objects.keys()]) if (!present.has(key)) drop(key, undefined);
    for (const item of items) store(item);
    firstList.resolve();
    return resourceVersion;
  };
  const follow = async (from: string): Promise<string> => {
    let resourceVersion = from;
    for await (const event of client.watch<T>(resource, { ...selection, resourceVersion, signal: stop.signal })) {
      if (event.type === "BOOKMARK") {
        resourceVersion = event.resourceVersion;
        continue;
      }
      resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
      if (event.type === "DELETED")
        drop(keyOf(event.object.metadata.namespace, event.object.metadata.name ?? ""), event.object);
      else store(event.object);
    }
    return resourceVersion;
  };
  const run = async () => {
    let resourceVersion: string | undefined;
    let failures = 0;
    while (!stop.signal.aborted) {
      const startedMs = performance.now();
      try {
        resourceVersion ??= await relist();
        resourceVersion = await follow(resourceVersion);
        // A server that ends watches at once must not be asked in a tight loop.
        failures = performance.now() - startedMs > 1000 ? 0 : failures + 1;
      } catch (error) {
        if (stop.signal.aborted) return;
        resourceVersion = undefined;
        failures += 1;
        const expired = error instanceof StatusError && (error.reason === "Expired" || error.reason === "Gone");
        if (!expired)
          options.log.debug("Cannot watch, will list again", { resource: resource.resource, why: errorText(error) });
      }
      if (failures > 0) await sleep(backoffMs(failures, retryFirstMs, retryMaxMs), stop.signal);
    }
  };
  const running = run();
  return {
    get: (namespace, name) => objects.get(keyOf(namespace, name)),
    all: () => [...objects.values()],
    async synced(timeoutMs = 30_000) {
      const timer = setTimeout(
        () =>
          firstList.reject(
            new Error(`Timed out after ${timeoutMs / 1000} s waiting for the first list of ${resource.resource}`),
          ),
        timeoutMs,
      );
      await firstList.promise.finally(() => clearTimeout(timer));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      firstList.reject(new Error(`Informer of ${resource.resource} was stopped`));
      await running;
    },
  };
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}
