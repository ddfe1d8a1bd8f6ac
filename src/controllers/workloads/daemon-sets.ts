import { deepEqual, matchesLabels, selectorFromObject } from "../../apimachinery/index.ts";
import { type Controller, createEventRecorder } from "../../controller-runtime/index.ts";
import { type Node, nodes as nodeResource } from "../compute/node.ts";
import type { ControllerContext } from "../context.ts";
import { candidates, claim, decideClaims } from "./claim.ts";
import { outdatedDaemonRevisions, syncDaemonHistory } from "./daemon-history.ts";
import { type DaemonView, daemonStatus, daemonStatusDiffers, planDaemonSet } from "./daemon-plan.ts";
import { daemonPod, nodeVerdict, targetNode } from "./daemon-pod.ts";
import { createFailedDaemons } from "./failed-daemons.ts";
import {
  type ControllerRevision,
  controllerRevisions,
  type DaemonSet,
  daemonSets,
  type Pod,
  pods as podResource,
} from "./kinds.ts";
import { startOwnerLoop } from "./owner-loop.ts";
import { createPodControl } from "./pod-control.ts";
import { nextAvailableMs } from "./pods.ts";
import { createRevisions } from "./revisions.ts";
import { writeStatus } from "./status-write.ts";

/** Keeps a pod of each DaemonSet on every node that it fits. */
export function startDaemonSetController(context: ControllerContext): Controller {
  const { client, informers, log, now } = context;
  const pods = informers.of<Pod>(podResource);
  const nodes = informers.of<Node>(nodeResource);
  const history = informers.of<ControllerRevision>(controllerRevisions);
  const revisions = createRevisions(client, history);
  const record = createEventRecorder(client, "daemonset-controller", log, now);
  const control = createPodControl(client, pods, record);
  const failures = createFailedDaemons();

  const reconcile = async (set: DaemonSet, key: string): Promise<number | undefined> => {
    if (set.metadata.deletionTimestamp !== undefined) return undefined;
    // Another template may fail no more.
    if (set.metadata.generation !== set.status?.observedGeneration) failures.forget(key);
    const owner = { resource: daemonSets, object: set };
    const selector = selectorFromObject(set.spec.selector);
    const selected = ({ metadata }: Pod | ControllerRevision) => matchesLabels(selector, metadata.labels);
    const past = { resource: controllerRevisions, informer: history };
    const known = await claim(client, owner, past, decideClaims(set, candidates(history, set), selected));
    const present = { resource: podResource, informer: pods };
    const owned = await claim(client, owner, present, decideClaims(set, candidates(pods, set), selected));
    const { old, hash } = await syncDaemonHistory(client, set, known, owned, revisions);
    const view: DaemonView = {
      set,
      nodes: nodes.all(),
      pods: owned,
      hash,
      failedWaitMs: (node) => failures.waitMs(key, node, now()),
      now: now(),
    };
    const { errors, afterMs } = await act(view, key);
    for (const revision of outdatedDaemonRevisions(set, old, owned)) await revisions.remove(revision);
    const after = pods.controlledBy(set.metadata.uid ?? "").filter(selected);
    const status = daemonStatus({ ...view, pods: after });
    await writeStatus(client, daemonSets, loop.owners, set, daemonStatusDiffers(set, status) ? status : undefined);
    if (errors.length > 0) throw errors[0];
    const waits = [afterMs, nextAvailableMs(after, set.spec.minReadySeconds ?? 0, now())];
    const due = waits.filter((wait) => wait !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  };
  const act = async (view: DaemonView, key: string) => {
    const { set, hash } = view;
    const plan = planDaemonSet(view);
    for (const node of plan.failed) failures.replaced(key, node, view.now);
    for (const { type, reason, message } of plan.messages) record(set, type, reason, message);
    const created = await control.create(
      set,
      plan.create.map((node) => daemonPod(set, node, hash)),
    );
    const removed = await control.remove(set, plan.remove);
    return { errors: [...created, ...removed], afterMs: plan.afterMs };
  };
  const loop = startOwnerLoop<DaemonSet>(context, {
    name: "daemonset-controller",
    resource: daemonSets,
    selectorOf: ({ spec }) => selectorFromObject(spec.selector),
    dependents: [pods, history],
    needs: [nodes],
    reconcile,
    forget: (key) => failures.forget(key),
  });
  /** Most changes of a node change nothing for most sets: those that the node is right for already sleep on. */
  const nodeChanged = (node: Node) => {
    for (const set of loop.owners.all()) {
      const { run, stay } = nodeVerdict(set, node);
      const isThere = pods
        .controlledBy(set.metadata.uid ?? "")
        .some((pod) => targetNode(pod) === (node.metadata.name ?? ""));
      const misplaced = isThere && (set.status?.numberMisscheduled ?? 0) > 0;
      if ((run && !isThere) || (!stay && isThere) || misplaced) loop.enqueue(loop.keyOf(set));
    }
  };
  const watching = nodes.listen({
    onChange: (node, previous) => {
      const same =
        previous !== undefined &&
        deepEqual(previous.metadata.labels ?? {}, node.metadata.labels ?? {}) &&
        deepEqual(previous.spec?.taints ?? [], node.spec?.taints ?? []);
      if (!same) nodeChanged(node);
    },
    onDelete: () => {
      for (const set of loop.owners.all()) loop.enqueue(loop.keyOf(set));
    },
  });
  return {
    ...loop,
    async [Symbol.asyncDispose]() {
      watching[Symbol.dispose]();
      await loop[Symbol.asyncDispose]();
    },
  };
}
