import { deepEqual, isStatusError } from "../../apimachinery/index.ts";
import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { type Node, nodes, type Taint } from "../compute/node.ts";
import { timeText } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";

const fieldManager = "kube-controller-manager";
const prefix = "node.kubernetes.io/";

/** Which state of which condition keeps new pods away, and under which name. */
const keepsAway: readonly { condition: string; status: string; taint: string }[] = [
  { condition: "Ready", status: "False", taint: "not-ready" },
  { condition: "Ready", status: "Unknown", taint: "unreachable" },
  { condition: "MemoryPressure", status: "True", taint: "memory-pressure" },
  { condition: "DiskPressure", status: "True", taint: "disk-pressure" },
  { condition: "NetworkUnavailable", status: "True", taint: "network-unavailable" },
  { condition: "PIDPressure", status: "True", taint: "pid-pressure" },
];
const managed = new Set([...keepsAway.map(({ taint }) => `${prefix}${taint}`), `${prefix}unschedulable`]);
const drivesOut = new Set([`${prefix}not-ready`, `${prefix}unreachable`]);

/**
 * The taints that a node has because of its conditions and of being cordoned, after all others. Those that it has already
 * stay as they are.
 *
 * @param at RFC 3339, when new ones are added
 */
export function taintsOf(node: Node, at: string): Taint[] {
  const live = node.spec?.taints ?? [];
  const holds = ({ condition, status }: { condition: string; status: string }) =>
    node.status?.conditions?.some((one) => one.type === condition && one.status === status) === true;
  const keys = keepsAway.filter(holds).map(({ taint }) => `${prefix}${taint}`);
  if (node.spec?.unschedulable === true) keys.push(`${prefix}unschedulable`);
  const wanted: Taint[] = [
    ...keys.map((key) => ({ key, effect: "NoSchedule" })),
    ...keys.filter((key) => drivesOut.has(key)).map((key) => ({ key, effect: "NoExecute" })),
  ];
  const isSame = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const isManaged = (taint: Taint) =>
    taint.effect === "NoSchedule" ? managed.has(taint.key) : taint.effect === "NoExecute" && drivesOut.has(taint.key);
  const kept = live.filter((taint) => !isManaged(taint) || wanted.some((other) => isSame(other, taint)));
  const added = wanted.filter((taint) => !live.some((other) => isSame(other, taint)));
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: at }))];
}

/** Keeps the taints of nodes in step with their conditions, as kube-controller-manager's node life cycle controller does. */
export function startNodeTaints({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const informer = informers.of<Node>(nodes);
  const record = createEventRecorder(client, "node-controller", log, now);
  const controller = startController({
    name: "node-taints",
    log,
    reconcile: async (name): Promise<Result> => {
      const node = informer.get(undefined, name);
      if (node === undefined) return { state: "done" };
      const taints = taintsOf(node, timeText(now()));
      if (deepEqual(taints, node.spec?.taints ?? [])) return { state: "done" };
      const { uid, resourceVersion } = node.metadata;
      const patch = { metadata: { uid, resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
      await client.patch(nodes, { name }, "merge", patch, { fieldManager }).catch((error: unknown) => {
        // The change that came between brings the node back here.
        if (!isStatusError(error, "Conflict") && !isStatusError(error, "NotFound")) throw error;
      });
      return { state: "done" };
    },
  });
  const listening = informer.listen({
    onChange(node, previous) {
      const { name = "" } = node.metadata;
      controller.enqueue(name);
      if (previous !== undefined && previous.metadata.uid === node.metadata.uid) return;
      record(node, "Normal", "RegisteredNode", `Node ${name} event: Registered Node ${name} in Controller`);
    },
    onDelete(node) {
      const { name = "" } = node.metadata;
      record(node, "Normal", "RemovingNode", `Node ${name} event: Removing Node ${name} from Controller`);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}
