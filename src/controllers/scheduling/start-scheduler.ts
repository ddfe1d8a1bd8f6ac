import { setImmediate as nextTurn } from "node:timers/promises";
import { deepEqual, isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { createEventRecorder } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import { type Node, nodes } from "../compute/node.ts";
import { isTerminal, type Pod, pods } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import {
  claims,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClasses,
  volumes,
} from "../storage/volumes.ts";
import { bindVolumes, volumesState } from "./bind-volumes.ts";
import { createCluster, type Lookups, type NodeInfo, type PodInfo, podInfoOf } from "./cluster.ts";
import { decidePlacement } from "./decide-placement.ts";
import type { Cause } from "./refusal.ts";
import { createVerdicts } from "./verdicts.ts";
import { createWaitingPods } from "./waiting-pods.ts";

export const schedulerName = "default-scheduler";

const namespaces: Resource = { group: "", version: "v1", resource: "namespaces", kind: "Namespace", namespaced: false };
const budgets: Resource = {
  group: "policy",
  version: "v1",
  resource: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
};
/** How many bindings are under way at the same time; the store takes the writes of one turn together. */
const bindingsMax = 128;
/** How many pods are decided on before others get their turn: some milliseconds of work. */
const perTurn = 32;
const everyCause: readonly Cause[] = ["node", "resources", "pods", "volumes"];

/**
 * Gives pods to nodes as kube-scheduler does with its default settings. Pods that name another scheduler are left to it.
 * Nothing is asked for again and again: a pod that found no place waits for a change that may help it.
 */
export function startScheduler(context: ControllerContext): AsyncDisposable {
  const { client, informers, log, now } = context;
  const podInformer = informers.of<Pod>(pods);
  const nodeInformer = informers.of<Node>(nodes);
  const claimInformer = informers.of<PersistentVolumeClaim>(claims);
  const volumeInformer = informers.of<PersistentVolume>(volumes);
  const classInformer = informers.of<StorageClass>(storageClasses);
  const namespaceInformer = informers.of(namespaces);
  const budgetInformer = informers.of(budgets);
  const all = [
    podInformer,
    nodeInformer,
    claimInformer,
    volumeInformer,
    classInformer,
    namespaceInformer,
    budgetInformer,
  ];
  const record = createEventRecorder(client, schedulerName, log, now);
  const verdicts = createVerdicts(client, record, now);
  const cluster = createCluster();
  const waiting = createWaitingPods();
  const nominated = new Map<string, { node: string; info: PodInfo }>();
  /** Pods with a node whose volumes are being bound. */
  const held = new Map<string, { info: PodInfo; node: NodeInfo }>();
  const underWay = new Set<Promise<void>>();
  let state: "idle" | "scheduled" | "running" | "stopped" = "idle";
  let timer: NodeJS.Timeout | undefined;

  const lookups: Lookups = {
    claim: (namespace, name) => claimInformer.get(namespace, name),
    volume: (name) => volumeInformer.get(undefined, name),
    volumes: () => volumeInformer.all(),
    storageClass: (name) => classInformer.get(undefined, name),
    namespace: (name) => namespaceInformer.get(undefined, name),
  };
  const kick = () => {
    if (state !== "idle") return;
    state = "scheduled";
    queueMicrotask(() => {
      if (state === "scheduled") state = "running";
      if (state === "running") void run();
    });
  };
  const run = async () => {
    clearTimeout(timer);
    timer = undefined;
    try {
      await Promise.all(all.map((informer) => informer.synced()));
      for (let count = 1; state === "running"; count++) {
        const pod = waiting.next(performance.now());
        if (pod === undefined) break;
        place(pod);
        if (count % perTurn === 0) await nextTurn();
        while (underWay.size >= bindingsMax) await Promise.race(underWay);
      }
    } catch (error) {
      if (state === "running") log.error("Cannot schedule pods", { why: errorText(error), error });
    }
    if (state !== "running") return;
    state = "idle";
    const dueInMs = waiting.dueInMs(performance.now());
    if (dueInMs === 0) kick();
    else if (dueInMs !== undefined) timer = setTimeout(kick, dueInMs);
  };
  const wake = (...causes: readonly Cause[]) => {
    for (const cause of causes) waiting.wake(cause);
    kick();
  };
  const background = (work: Promise<void>) => {
    const settled = work.finally(() => underWay.delete(settled));
    underWay.add(settled);
  };
  const place = (pod: Pod) => {
    const { uid = "", namespace, name = "" } = pod.metadata;
    const live = podInformer.get(namespace, name);
    if (live?.metadata.uid !== uid || (live.spec.nodeName ?? "") !== "" || isOut(live)) {
      waiting.delete(uid);
      return;
    }
    const info = podInfoOf(live);
    const promised = Map.groupBy(nominated.values(), ({ node }) => node);
    const rooms = new Map([...promised].map(([node, entries]) => [node, entries.map((entry) => entry.info)]));
    const placement = decidePlacement(info, cluster, lookups, budgetInformer.all(), rooms);
    if (placement.node === undefined) {
      waiting.park(live, placement.causes, performance.now());
      const { message, victims, keepsPromise } = placement;
      const before = nominated.get(uid)?.node ?? live.status?.nominatedNodeName;
      const node = victims?.node ?? (keepsPromise ? before : undefined);
      if (node === undefined) nominated.delete(uid);
      else nominated.set(uid, { node, info });
      background(refuse(live, { message, node, victims: victims?.pods ?? [] }));
      return;
    }
    waiting.delete(uid);
    nominated.delete(uid);
    cluster.assume(info, placement.node.node.metadata.name ?? "");
    background(settle(info, placement.node));
  };
  /** @param node where room is being made for the pod */
  const refuse = async (
    pod: Pod,
    { message, node, victims }: { message: string; node: string | undefined; victims: readonly Pod[] },
  ) => {
    try {
      await verdicts.unschedulable(pod, message, node);
      for (const victim of victims) await verdicts.preempt(victim, pod, node ?? "");
    } catch (error) {
      log.warn("Cannot say that a pod has no place", { pod: pod.metadata.name, why: errorText(error) });
    }
  };
  /** Binds the volumes of a pod, then the pod itself. */
  const settle = async (info: PodInfo, node: NodeInfo) => {
    const { uid = "" } = info.pod.metadata;
    try {
      if ((info.pod.spec.volumes?.length ?? 0) > 0 && (await bindVolumes(client, info.pod, node, lookups))) {
        held.set(uid, { info, node });
        resumeHeld();
        return;
      }
      await bind(info, node);
    } catch (error) {
      giveBack(info, error);
    }
  };
  const bind = async ({ pod }: PodInfo, { node }: NodeInfo) => {
    const { namespace = "", name = "", uid } = pod.metadata;
    const target = node.metadata.name ?? "";
    await client.create(
      pods,
      {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
        target: { apiVersion: "v1", kind: "Node", name: target },
      },
      { subresource: "binding", fieldManager: "kube-scheduler" },
    );
    record(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${target}`);
  };
  const resumeHeld = () => {
    for (const [uid, { info, node }] of [...held]) {
      const found = volumesState(info.pod, lookups);
      if (found === "waiting") continue;
      held.delete(uid);
      if (found === "bound") background(bind(info, node).catch((error: unknown) => giveBack(info, error)));
      else giveBack(info, new Error("a claim that the pod needs has gone"));
    }
  };
  /** The pod is free again, and tried again unless somebody else has taken care of it. */
  const giveBack = ({ pod }: PodInfo, error: unknown) => {
    const { uid = "", namespace, name = "" } = pod.metadata;
    const live = podInformer.get(namespace, name);
    if (live?.metadata.uid === uid && (live.spec.nodeName ?? "") !== "") return;
    cluster.deletePod(uid);
    if (live?.metadata.uid !== uid || isStatusError(error, "NotFound")) return;
    log.info("Cannot bind a pod, will try again", { pod: name, namespace, why: errorText(error) });
    waiting.park(live, new Set(everyCause), performance.now());
    wake("node");
  };

  const listening = [
    podInformer.listen({
      onChange(pod, previous) {
        const { uid = "" } = pod.metadata;
        if ((pod.spec.nodeName ?? "") !== "") {
          waiting.delete(uid);
          nominated.delete(uid);
          cluster.setPod(pod);
          const ended = isTerminal(pod) && (previous === undefined || !isTerminal(previous));
          if (ended) wake("resources", "pods");
          else if (movesOthers(pod, previous)) wake("pods");
        } else if (isOut(pod) || (pod.spec.schedulerName ?? schedulerName) !== schedulerName) {
          waiting.delete(uid);
        } else if (!held.has(uid) && previous !== undefined && !isAnother(pod, previous)) {
          waiting.refresh(pod);
        } else if (!held.has(uid)) {
          waiting.put(pod);
          kick();
        }
      },
      onDelete(pod) {
        const { uid = "" } = pod.metadata;
        waiting.delete(uid);
        nominated.delete(uid);
        held.delete(uid);
        cluster.deletePod(uid);
        wake("resources", "pods");
      },
    }),
    nodeInformer.listen({
      onChange(node, previous) {
        cluster.setNode(node);
        if (previous === undefined || offersOther(node, previous)) wake(...everyCause);
      },
      onDelete(node) {
        cluster.deleteNode(node.metadata.name ?? "");
      },
    }),
    ...[claimInformer, volumeInformer, classInformer].map((informer) =>
      informer.listen({
        onChange() {
          resumeHeld();
          wake("volumes");
        },
        onDelete: resumeHeld,
      }),
    ),
    namespaceInformer.listen({
      onChange(namespace, previous) {
        if (previous !== undefined && !deepEqual(namespace.metadata.labels, previous.metadata.labels)) wake("pods");
      },
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      state = "stopped";
      clearTimeout(timer);
      for (const each of listening) each[Symbol.dispose]();
      await Promise.allSettled(underWay);
    },
  };
}

/** Not to be given to a node: it has ended, is going away, or is held back by a gate. */
function isOut(pod: Pod): boolean {
  const isGated = (pod.spec.schedulingGates?.length ?? 0) > 0;
  return isTerminal(pod) || pod.metadata.deletionTimestamp !== undefined || isGated;
}

/** Whether a pod has changed in what decides about its place. */
function isAnother(pod: Pod, previous: Pod): boolean {
  return (
    pod.metadata.uid !== previous.metadata.uid ||
    !deepEqual(pod.spec, previous.spec) ||
    !deepEqual(pod.metadata.labels, previous.metadata.labels)
  );
}

/** Whether a pod on a node has become one that others may want to be near, or no longer mind. */
function movesOthers(pod: Pod, previous: Pod | undefined): boolean {
  return (
    previous === undefined ||
    previous.spec.nodeName !== pod.spec.nodeName ||
    previous.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
    !deepEqual(previous.metadata.labels, pod.metadata.labels)
  );
}

function offersOther(node: Node, previous: Node): boolean {
  const offer = ({ metadata, spec, status }: KubeObject & Node) => [
    metadata.labels,
    spec?.taints,
    spec?.unschedulable,
    status?.allocatable,
  ];
  return !deepEqual(offer(node), offer(previous));
}
