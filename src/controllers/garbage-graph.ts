import type { ObjectMeta, OwnerReference } from "../apimachinery/index.ts";
import type { DiscoveredResource } from "../client/index.ts";

/** What garbage collection needs to know of an object. */
export type Node = {
  uid: string;
  resource: DiscoveredResource;
  namespace: string | undefined;
  name: string;
  owners: readonly OwnerReference[];
  deleting: boolean;
  finalizers: readonly string[];
};

/** Objects by uid, and who depends on whom. */
export type Graph = {
  get(uid: string): Node | undefined;
  set(node: Node): void;
  delete(uid: string): Node | undefined;
  /** Objects that name this uid as an owner. */
  dependents(uid: string): Node[];
  nodes(): Iterable<Node>;
};

export function createGraph(): Graph {
  const nodes = new Map<string, Node>();
  const dependents = new Map<string, Set<string>>();
  const unlink = (node: Node) => {
    for (const { uid } of node.owners) {
      const all = dependents.get(uid);
      all?.delete(node.uid);
      if (all?.size === 0) dependents.delete(uid);
    }
  };
  return {
    get: (uid) => nodes.get(uid),
    set(node) {
      const before = nodes.get(node.uid);
      if (before !== undefined) unlink(before);
      nodes.set(node.uid, node);
      for (const { uid } of node.owners) {
        const all = dependents.get(uid) ?? new Set();
        all.add(node.uid);
        dependents.set(uid, all);
      }
    },
    delete(uid) {
      const node = nodes.get(uid);
      if (node === undefined) return undefined;
      unlink(node);
      nodes.delete(uid);
      return node;
    },
    dependents: (uid) => [...(dependents.get(uid) ?? [])].flatMap((id) => nodes.get(id) ?? []),
    nodes: () => nodes.values(),
  };
}

export function nodeFrom(resource: DiscoveredResource, metadata: ObjectMeta): Node | undefined {
  if (metadata.uid === undefined || metadata.name === undefined) return undefined;
  return {
    uid: metadata.uid,
    resource,
    namespace: metadata.namespace,
    name: metadata.name,
    owners: metadata.ownerReferences ?? [],
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers: metadata.finalizers ?? [],
  };
}

/** What is known of one owner of an object. */
export type OwnerState = "solid" | "absent" | "waiting";

/** What to do with an object, as Kubernetes' garbage collector decides it. */
export type Collection =
  | { do: "nothing" }
  /** Some owners live: forget those that do not. */
  | { do: "release"; owners: string[] }
  /** `unblock`: its owners must not wait for it, because it waits for one of them. */
  | { do: "delete"; propagationPolicy: "Background" | "Foreground" | "Orphan"; unblock?: true };

/** Whether an object waits for its dependents before it goes. */
export function waitsForDependents({ deleting, finalizers }: Node): boolean {
  return deleting && finalizers.includes("foregroundDeletion");
}

/**
 * Decides for an object that has owners.
 *
 * @param dependents what has this object as an owner
 * @param ownerState `waiting` is an owner that waits for its dependents, this one among them, before it goes
 */
export function decideCollection(
  node: Node,
  dependents: readonly Node[],
  ownerState: (owner: OwnerReference) => OwnerState,
): Collection {
  if (node.owners.length === 0 || node.deleting) return { do: "nothing" };
  const states = node.owners.map((owner) => ({ owner, state: ownerState(owner) }));
  const gone = states.filter(({ state }) => state !== "solid").map(({ owner }) => owner.uid);
  if (gone.length === 0) return { do: "nothing" };
  if (gone.length < states.length) return { do: "release", owners: gone };
  if (states.some(({ state }) => state === "waiting") && dependents.length > 0) {
    const isCircle = dependents.some(waitsForDependents);
    return { do: "delete", propagationPolicy: "Foreground", ...(isCircle && { unblock: true }) };
  }
  if (node.finalizers.includes("orphan")) return { do: "delete", propagationPolicy: "Orphan" };
  if (node.finalizers.includes("foregroundDeletion")) return { do: "delete", propagationPolicy: "Foreground" };
  return { do: "delete", propagationPolicy: "Background" };
}
