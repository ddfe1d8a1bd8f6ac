import {
  deepEqual,
  type KubeObject,
  type LabelSelector,
  matchesLabels,
  StatusError,
} from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { type Controller, type Result, type SharedInformer, startController } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";
import { controllerOf } from "./kinds.ts";

/** How many owners of a kind are reconciled at once; kube-controller-manager's default. */
const concurrentSyncs = 5;
/** Node's timers end at 24.8 days; whoever waits longer is asked once a day. */
const waitMaxMs = 86_400_000;

export type OwnerLoopOptions<T extends KubeObject> = {
  name: string;
  /** The resource of the owners. */
  resource: Resource;
  /** Which objects an owner looks after. @throws {StatusError} when its selector is not valid */
  selectorOf: (owner: T) => LabelSelector;
  /** Objects that are controlled by owners, or become so by adoption. */
  dependents: readonly SharedInformer[];
  /** Caches that must be filled before anything is decided, besides those of owners and dependents. */
  needs?: readonly SharedInformer[];
  /** @returns milliseconds until the owner is to be looked at again even if nothing happens */
  reconcile: (owner: T, key: string) => Promise<number | undefined>;
  /** Told of owners that are no more. */
  forget?: (key: string) => void;
};

/** A controller of owners; keys are `namespace/name`. */
export type OwnerLoop<T extends KubeObject> = Controller & { owners: SharedInformer<T>; keyOf: (owner: T) => string };

/**
 * Reconciles the owners of one kind whenever they or their dependents change: those they control, those they lose, and
 * those without a controller that their selectors match.
 */
export function startOwnerLoop<T extends KubeObject>(
  { informers, log }: Pick<ControllerContext, "informers" | "log">,
  options: OwnerLoopOptions<T>,
): OwnerLoop<T> {
  const { resource, dependents, reconcile } = options;
  const owners = informers.of<T>(resource);
  const caches = [owners, ...dependents, ...(options.needs ?? [])];
  const filled = once(async () => {
    await Promise.all(caches.map((cache) => cache.synced()));
  });

  const controller = startController({
    name: options.name,
    log,
    concurrency: concurrentSyncs,
    async reconcile(key): Promise<Result> {
      await filled();
      const [namespace = "", name = ""] = key.split("/");
      const owner = owners.get(namespace, name);
      if (owner === undefined) {
        options.forget?.(key);
        return { state: "done" };
      }
      try {
        const afterMs = await reconcile(owner, key);
        if (afterMs === undefined) return { state: "done" };
        return { state: "again", afterMs: Math.min(Math.max(Math.ceil(afterMs), 1), waitMaxMs) };
      } catch (error) {
        if (hasCause(error, "NamespaceTerminating")) return { state: "done" };
        if (error instanceof StatusError) return { state: "retry", reason: error.message };
        throw error;
      }
    },
  });
  const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
  const wakeController = (object: KubeObject | undefined): boolean => {
    const reference = object === undefined ? undefined : controllerOf(object);
    if (reference === undefined || object === undefined) return false;
    const owner = reference.kind === resource.kind ? owners.get(object.metadata.namespace, reference.name) : undefined;
    if (owner?.metadata.uid === reference.uid) controller.enqueue(keyOf(owner));
    return true;
  };
  const wakeMatching = ({ metadata }: KubeObject) => {
    if (Object.keys(metadata.labels ?? {}).length === 0) return;
    for (const owner of owners.inNamespace(metadata.namespace ?? ""))
      if (selects(options.selectorOf, owner, metadata.labels)) controller.enqueue(keyOf(owner));
  };
  const dependentChanged = (object: KubeObject, previous: KubeObject | undefined) => {
    const replaced = controllerOf(previous ?? object)?.uid !== controllerOf(object)?.uid;
    if (replaced) wakeController(previous);
    if (wakeController(object)) return;
    const labelsChanged = !deepEqual(previous?.metadata.labels, object.metadata.labels);
    const leaving = object.metadata.deletionTimestamp !== undefined;
    if (!leaving && (previous === undefined || replaced || labelsChanged)) wakeMatching(object);
  };
  const listening = [
    owners.listen({
      onChange: (owner) => controller.enqueue(keyOf(owner)),
      onDelete: (owner) => controller.enqueue(keyOf(owner)),
    }),
    ...dependents.map((informer) => informer.listen({ onChange: dependentChanged, onDelete: wakeController })),
  ];
  return {
    ...controller,
    owners,
    keyOf,
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Whether the server refused for a cause of this reason. */
export function hasCause(error: unknown, reason: string): boolean {
  return error instanceof StatusError && (error.status.details?.causes ?? []).some((cause) => cause.reason === reason);
}

/** An empty or broken selector looks after nothing. */
function selects<T>(
  selectorOf: (owner: T) => LabelSelector,
  owner: T,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  try {
    const selector = selectorOf(owner);
    return selector.length > 0 && matchesLabels(selector, labels);
  } catch {
    return false;
  }
}

/** Runs until it has succeeded, never twice at once. */
function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return async () => {
    running ??= run().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    await running;
  };
}
