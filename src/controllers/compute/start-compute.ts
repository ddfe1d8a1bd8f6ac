import { isStatusError } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import type { ControllerContext } from "../context.ts";
import type { AssignedPod, Compute, ComputeOptions } from "./compute.ts";
import { describeNodes, thisMachine } from "./describe-nodes.ts";
import { type Node, nodeAddress, nodes } from "./node.ts";
import { registerNodes } from "./node-registration.ts";
import { startNodeResources } from "./node-resources.ts";
import { createNodeRoom, type NodeRoom, type Rejection } from "./node-room.ts";
import { createNoCompute } from "./none.ts";
import { isTerminal, keyOf, type Pod, type PodStatus, pods, splitKey, timeText } from "./pod.ts";
import { createPodAddresses, type PodAddresses } from "./pod-addresses.ts";
import { playedCondition } from "./pod-status.ts";
import { createSimulatedCompute } from "./simulated.ts";
import { statusPatch } from "./status-patch.ts";

/** How many pods are written at the same time; the store takes the writes of one turn together. */
const concurrency = 64;
const fieldManager = "skiff-compute";
/**
 * While more pods than this are on their way, what passes by itself is not written: of a thousand pods that start together
 * nobody can follow each step, and a kubelet, too, writes only the newest status.
 */
const followedMax = 32;
const passesWithinMs = 200;

/** One of the nodes that the platform brings, and the addresses that it gives out. */
type OwnNode = { node: Node; hostIp: string; addresses: PodAddresses; room: NodeRoom };

/** Registers the platform's nodes, and lives for the pods assigned to them as kubelets do. */
export function startCompute(context: ControllerContext, options: ComputeOptions): AsyncDisposable {
  const { client, informers, log, now } = context;
  const compute: Compute = options.mode === "simulated" ? createSimulatedCompute() : createNoCompute();
  const informer = informers.of<Pod>(pods);
  const nodeInformer = informers.of<Node>(nodes);
  const record = createEventRecorder(client, "skiff-compute", log, now);
  const described = describeNodes(options, { machine: thisMachine(), version: "", now: timeText(now()) });
  const own = new Map(described.map((node) => [node.metadata.name ?? "", ownNode(node)]));

  /** Pods whose state is about to change by itself. */
  const passing = new Set<string>();
  const controller = startController({
    name: "compute",
    log,
    concurrency,
    reconcile: async (key): Promise<Result> => {
      await registered;
      await informer.synced();
      const { namespace, name } = splitKey(key);
      const pod = informer.get(namespace, name);
      const node = pod === undefined ? undefined : own.get(pod.spec.nodeName ?? "");
      if (pod === undefined || node === undefined) return { state: "done" };
      if (compute.mode !== "none" && isNew(pod)) {
        await nodeInformer.synced();
        const rejection = node.room.admit(pod, nodeInformer.get(undefined, pod.spec.nodeName ?? "") ?? node.node);
        if (rejection !== undefined) {
          record(pod, "Warning", rejection.reason, rejection.message);
          await writeStatus(client, pod, rejectedStatus(pod, rejection, timeText(now()))).catch(unlessGone);
          return { state: "done" };
        }
      }
      const state = await compute.sync(assign(pod, node), now());
      const { afterMs = Number.POSITIVE_INFINITY } = state;
      if (afterMs > passesWithinMs) passing.delete(key);
      else if (passing.add(key).size > followedMax && state.status?.phase === "Pending")
        return { state: "again", afterMs };
      for (const { type, reason, message } of state.events ?? []) record(pod, type, reason, message);
      const written = await writeStatus(client, pod, state.status).catch(unlessGone);
      if (written !== "gone" && state.ended === true) await removePod(client, pod);
      return state.afterMs === undefined ? { state: "done" } : { state: "again", afterMs: state.afterMs };
    },
  });
  const registered = register(client, options, now()).catch((error: unknown) => {
    log.error("Cannot register the nodes of this platform", { why: errorText(error), error });
  });
  const listening = informer.listen({
    onChange(pod) {
      const node = own.get(pod.spec.nodeName ?? "");
      if (node === undefined) return;
      const { uid = "" } = pod.metadata;
      // What is in use already must not be given to another before its pod gets its turn.
      if (isTerminal(pod)) {
        node.addresses.free(uid);
        node.room.free(uid);
      } else {
        if (pod.status?.podIP !== undefined) node.addresses.take(uid, pod.status.podIP);
        if (pod.status?.startTime !== undefined) node.room.take(pod);
      }
      controller.enqueue(keyOf(pod));
    },
    onDelete(pod) {
      const { uid = "" } = pod.metadata;
      passing.delete(keyOf(pod));
      compute.forget(uid);
      const node = own.get(pod.spec.nodeName ?? "");
      node?.addresses.free(uid);
      node?.room.free(uid);
    },
  });
  const resources = startNodeResources(context, own);
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await resources[Symbol.asyncDispose]();
      await registered;
      await controller[Symbol.asyncDispose]();
      await compute[Symbol.asyncDispose]();
    },
  };
}

function ownNode(node: Node): OwnNode {
  const range = node.spec?.podCIDR;
  if (range === undefined)
    throw new Error(`Cannot give addresses to pods of node ${node.metadata.name}: it has no range`);
  return {
    node,
    hostIp: nodeAddress(node) ?? "",
    addresses: createPodAddresses(range),
    room: createNodeRoom(),
  };
}

/** Whether its node has not looked at it yet. */
function isNew(pod: Pod): boolean {
  return pod.status?.startTime === undefined && pod.metadata.deletionTimestamp === undefined && !isTerminal(pod);
}

function rejectedStatus(pod: Pod, { reason, message }: Rejection, now: string): PodStatus {
  const { generation } = pod.metadata;
  return {
    phase: "Failed",
    reason,
    message: `Pod was rejected: ${message}`,
    conditions: [playedCondition(pod, now)],
    startTime: now,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

async function register(client: Client, options: ComputeOptions, now: Date): Promise<void> {
  const version = await client.raw("/version");
  const gitVersion =
    typeof version === "object" && version !== null && "gitVersion" in version ? String(version.gitVersion) : "";
  const seen = { machine: thisMachine(), version: gitVersion, now: timeText(now) };
  await registerNodes(client, describeNodes(options, seen), now);
}

function assign(pod: Pod, { hostIp, addresses }: OwnNode): AssignedPod {
  if (pod.spec.hostNetwork === true) return { pod, hostIp, podIp: hostIp };
  // One that has ended keeps what it had in its status, and its address is free for others.
  if (isTerminal(pod)) return { pod, hostIp, podIp: pod.status?.podIP ?? "" };
  return { pod, hostIp, podIp: addresses.take(pod.metadata.uid ?? "", pod.status?.podIP) };
}

async function writeStatus(client: Client, pod: Pod, status: Pod["status"]): Promise<undefined> {
  const { namespace, name = "" } = pod.metadata;
  const patch = status === undefined ? undefined : statusPatch(pod, status);
  if (patch === undefined) return;
  await client.patch(pods, { namespace, name }, "strategic", patch, { fieldManager, subresource: "status" });
}

/** Lets the object go. Finalizers may keep it; then it has no more time to wait for. */
async function removePod(client: Client, pod: Pod): Promise<void> {
  const { namespace, name = "", uid, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionGracePeriodSeconds === 0) return;
  await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } }).catch(unlessGone);
}

/** The pod has gone, or another has its name: there is nothing left to do for this one. */
function unlessGone(error: unknown): "gone" {
  if (isStatusError(error, "NotFound") || isStatusError(error, "Conflict")) return "gone";
  throw error;
}
