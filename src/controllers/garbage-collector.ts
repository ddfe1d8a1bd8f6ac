import { type KubeObject, type OwnerReference, parseApiVersion, StatusError } from "../apimachinery/index.ts";
import { type Client, type DiscoveredResource, type Informer, startInformer } from "../client/index.ts";
import { type Result, startController } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";
import {
  createGraph,
  decideCollection,
  type Node,
  nodeFrom,
  type OwnerState,
  waitsForDependents,
} from "./garbage-graph.ts";
import type { ResourceWatch } from "./resource-watch.ts";

/** Events come and go by the thousand and own nothing; Kubernetes' collector leaves them out too. */
const ignored = new Set(["/events", "events.k8s.io/events"]);

export type GarbageCollector = AsyncDisposable & {
  /** Told of the resources the server serves; starts and stops watching them. */
  follow(resources: readonly DiscoveredResource[]): void;
};

/**
 * Deletes objects whose owners are gone, and finishes foreground and orphaning deletions, by uid, as
 * kube-controller-manager does.
 */
export function startGarbageCollector(
  client: Client,
  resources: () => ResourceWatch | undefined,
  log: Log,
): GarbageCollector {
  const graph = createGraph();
  const informers = new Map<string, { resource: DiscoveredResource; informer: Informer<KubeObject> }>();

  const controller = startController({
    name: "garbage-collector",
    log,
    concurrency: 8,
    reconcile: async (uid): Promise<Result> => {
      // A graph that lacks dependents would let owners go before them.
      await Promise.all([...informers.values()].map(({ informer }) => informer.synced()));
      const node = graph.get(uid);
      if (node === undefined) return { state: "done" };
      if (node.deleting && node.finalizers.includes("orphan")) return await orphan(node);
      if (waitsForDependents(node)) return await finishForeground(node);
      return await collect(node);
    },
  });

  const collect = async (node: Node): Promise<Result> => {
    const states = new Map<string, OwnerState>();
    for (const owner of node.owners) states.set(owner.uid, await stateOf(node, owner));
    const dependents = graph.dependents(node.uid);
    const decision = decideCollection(node, dependents, ({ uid }) => states.get(uid) ?? "solid");
    switch (decision.do) {
      case "nothing":
        return { state: "done" };
      case "release":
        await changeOwners(node, without(decision.owners));
        return { state: "done" };
      case "delete":
        if (decision.unblock) await changeOwners(node, (owner) => ({ ...owner, blockOwnerDeletion: false }));
        await client
          .delete(node.resource, node, {
            propagationPolicy: decision.propagationPolicy,
            preconditions: { uid: node.uid },
          })
          .catch(ignoreConflict);
        return { state: "done" };
    }
  };
  const stateOf = async (node: Node, owner: OwnerReference): Promise<OwnerState> => {
    const known = graph.get(owner.uid);
    if (known !== undefined) {
      const sameNamespace = known.namespace === undefined || known.namespace === node.namespace;
      if (!sameNamespace) return "absent";
      return waitsForDependents(known) ? "waiting" : "solid";
    }
    // The cache may be behind: only the server's word counts before something is deleted.
    const { group } = parseApiVersion(owner.apiVersion);
    const resource = resources()?.find(group, owner.kind);
    if (resource === undefined) return "solid";
    const live = await client.get(resource, {
      name: owner.name,
      ...(resource.namespaced ? { namespace: node.namespace } : {}),
    });
    return live?.metadata.uid === owner.uid ? "solid" : "absent";
  };
  const finishForeground = async (node: Node): Promise<Result> => {
    const blocking = graph
      .dependents(node.uid)
      .filter(({ owners }) => owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true));
    if (blocking.length === 0) {
      await removeFinalizer(node, "foregroundDeletion");
      return { state: "done" };
    }
    // One that waits itself is looked at again when what it waits for goes.
    for (const dependent of blocking) if (!waitsForDependents(dependent)) controller.enqueue(dependent.uid);
    return { state: "done" };
  };
  const orphan = async (node: Node): Promise<Result> => {
    for (const dependent of graph.dependents(node.uid)) await changeOwners(dependent, without([node.uid]));
    await removeFinalizer(node, "orphan");
    return { state: "done" };
  };
  const changeOwners = async (node: Node, change: (owner: OwnerReference) => OwnerReference | undefined) => {
    const live = await client.get(node.resource, node);
    if (live === undefined || live.metadata.uid !== node.uid) return;
    const ownerReferences = (live.metadata.ownerReferences ?? []).flatMap((owner) => change(owner) ?? []);
    const { resourceVersion, uid } = live.metadata;
    await client.patch(node.resource, node, "merge", {
      metadata: { uid, resourceVersion, ownerReferences: ownerReferences.length > 0 ? ownerReferences : null },
    });
  };
  const removeFinalizer = async (node: Node, finalizer: string) => {
    const live = await client.get(node.resource, node);
    if (live === undefined || live.metadata.uid !== node.uid) return;
    const finalizers = (live.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    const { resourceVersion, uid } = live.metadata;
    await client.patch(node.resource, node, "merge", { metadata: { uid, resourceVersion, finalizers } });
  };
  const seen = (resource: DiscoveredResource, object: KubeObject) => {
    const node = nodeFrom(resource, object.metadata);
    if (node === undefined) return;
    const before = graph.get(node.uid);
    graph.set(node);
    if (node.owners.length > 0 || node.deleting) controller.enqueue(node.uid);
    // A dependent that no longer blocks may be the last its deleting owner waits for.
    for (const owner of before?.owners ?? []) wakeDeleting(owner.uid);
  };
  const gone = (object: KubeObject) => {
    const node = graph.delete(object.metadata.uid ?? "");
    if (node === undefined) return;
    for (const dependent of graph.dependents(node.uid)) controller.enqueue(dependent.uid);
    for (const owner of node.owners) wakeDeleting(owner.uid);
  };
  const wakeDeleting = (uid: string) => {
    if (graph.get(uid)?.deleting) controller.enqueue(uid);
  };
  return {
    follow(all) {
      const wanted = new Map(
        all
          .filter(({ group, resource, verbs }) => verbs.includes("delete") && !ignored.has(`${group}/${resource}`))
          .map((resource) => [`${resource.group}/${resource.version}/${resource.resource}`, resource]),
      );
      for (const [id, { informer, resource }] of informers) {
        if (wanted.has(id)) continue;
        informers.delete(id);
        void informer[Symbol.asyncDispose]();
        const replaced = [...wanted.values()].some(
          (other) => other.group === resource.group && other.resource === resource.resource,
        );
        if (replaced) continue;
        for (const node of [...graph.nodes()])
          if (node.resource === resource) gone({ apiVersion: "", kind: "", metadata: { uid: node.uid } });
      }
      for (const [id, resource] of wanted) {
        if (informers.has(id)) continue;
        const informer = startInformer(client, resource, {
          log,
          metadataOnly: true,
          onChange: (object) => seen(resource, object),
          onDelete: gone,
        });
        informers.set(id, { resource, informer });
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...informers.values()].map(({ informer }) => informer[Symbol.asyncDispose]()));
      await controller[Symbol.asyncDispose]();
    },
  };
}

function without(uids: readonly string[]): (owner: OwnerReference) => OwnerReference | undefined {
  return (owner) => (uids.includes(owner.uid) ? undefined : owner);
}

/** Somebody changed or replaced the object since: the event of that change brings it back here. */
function ignoreConflict(error: unknown): undefined {
  if (error instanceof StatusError && error.reason === "Conflict") return undefined;
  throw error;
}
