import { isStatusError } from "../../apimachinery/index.ts";
import { type Result, startController } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";
import { type Node, nodes } from "./node.ts";

/**
 * Follows what users advertise of the platform's nodes.
 *
 * @param own the nodes, by name
 */
export function startNodeResources(
  { client, informers, log }: ControllerContext,
  own: ReadonlyMap<string, unknown>,
): AsyncDisposable {
  const informer = informers.of<Node>(nodes);
  const controller = startController({
    name: "node-resources",
    log,
    reconcile: async (name): Promise<Result> => {
      const node = informer.get(undefined, name);
      const allocatable = node && extendedResources(node);
      if (allocatable === undefined) return { state: "done" };
      const patch = { metadata: { uid: node?.metadata.uid }, status: { allocatable } };
      const options = { fieldManager: "skiff-compute", subresource: "status" };
      await client.patch(nodes, { name }, "merge", patch, options).catch((error: unknown) => {
        // Another node has the name, or none.
        if (!isStatusError(error, "NotFound", "Conflict")) throw error;
      });
      return { state: "done" };
    },
  });
  const listening = informer.listen({
    onChange({ metadata: { name = "" } }) {
      if (own.has(name)) controller.enqueue(name);
    },
    onDelete() {},
  });
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/**
 * What has to change in `allocatable` for the extended resources of a node to be those of its capacity: users advertise them
 * there, and the node's kubelet follows.
 * https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/
 *
 * @returns amounts by resource, `null` for what is no longer there; `undefined` when nothing has to change
 */
export function extendedResources({ status = {} }: Node): Record<string, string | null> | undefined {
  const { capacity = {}, allocatable = {} } = status;
  const changes = [
    ...Object.entries(capacity).filter(([name, amount]) => isExtended(name) && allocatable[name] !== amount),
    ...Object.keys(allocatable).flatMap((name): [string, null][] =>
      isExtended(name) && capacity[name] === undefined ? [[name, null]] : [],
    ),
  ];
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** Named by whoever brings it, as `example.com/dongle`. */
function isExtended(name: string): boolean {
  return name.includes("/") && !name.startsWith("kubernetes.io/");
}
