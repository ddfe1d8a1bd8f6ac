import { type LabelSelector, matchesLabels, selectorFromObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { type Controller, createEventRecorder, type SharedInformer } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import type { ControllerContext } from "../context.ts";
import { candidates, claim, decideClaims } from "./claim.ts";
import {
  controllerOf,
  type Pod,
  pods as podResource,
  type ReplicaSet,
  replicaSets,
  replicationControllers,
} from "./kinds.ts";
import { startOwnerLoop } from "./owner-loop.ts";
import { createPodControl } from "./pod-control.ts";
import { isActive, nextAvailableMs, podFromTemplate } from "./pods.ts";
import { decideScaling, replicaStatus } from "./replica-plan.ts";
import { writeStatus } from "./status-write.ts";

type Kind = { resource: Resource; component: string; selectorOf: (set: ReplicaSet) => LabelSelector };

/** Keeps as many pods of each ReplicaSet as it asks for. */
export function startReplicaSetController(context: ControllerContext): Controller {
  return start(context, {
    resource: replicaSets,
    component: "replicaset-controller",
    selectorOf: ({ spec }) => selectorFromObject(spec.selector),
  });
}

/** Keeps as many pods of each ReplicationController as it asks for. */
export function startReplicationControllerController(context: ControllerContext): Controller {
  return start(context, {
    resource: replicationControllers,
    component: "replication-controller",
    selectorOf: ({ spec }) => selectorFromObject({ matchLabels: mapOf(spec.selector) }),
  });
}

function mapOf(selector: unknown): Record<string, string> {
  const entries = Object.entries(selector ?? {}).map(([key, value]) => [key, String(value)] as const);
  return Object.fromEntries(entries);
}

function start(context: ControllerContext, { resource, component, selectorOf }: Kind): Controller {
  const { client, informers, log, now } = context;
  const pods: SharedInformer<Pod> = informers.of<Pod>(podResource);
  const control = createPodControl(client, pods, createEventRecorder(client, component, log, now));

  const reconcile = async (set: ReplicaSet): Promise<number | undefined> => {
    const selector = selectorOf(set);
    const matches = ({ metadata }: Pod) => matchesLabels(selector, metadata.labels);
    const claims = decideClaims(set, candidates(pods, set).filter(isActive), matches);
    const active = await claim(client, { resource, object: set }, { resource: podResource, informer: pods }, claims);
    const errors = await scale(set, active);
    const status = replicaStatus(set, active, errors.length > 0 ? errorText(errors[0]) : undefined, now());
    await writeStatus(client, resource, loop.owners, set, status);
    if (errors.length > 0) throw errors[0];
    return nextAvailableMs(active, set.spec.minReadySeconds ?? 0, now());
  };
  const scale = async (set: ReplicaSet, active: readonly Pod[]): Promise<unknown[]> => {
    const scaling = decideScaling(set, active, () => relatedTo(set), now());
    switch (scaling.do) {
      case "nothing":
        return [];
      case "create": {
        const pod = podFromTemplate(resource, set, set.spec.template);
        return await control.create(set, new Array<Pod>(scaling.count).fill(pod));
      }
      case "delete":
        return await control.remove(set, scaling.pods);
    }
  };
  /** Pods of all sets that one Deployment owns: they share its nodes. */
  const relatedTo = (set: ReplicaSet): Pod[] => {
    const owner = controllerOf(set);
    if (owner === undefined) return [];
    const selectors = loop.owners.controlledBy(owner.uid).map(selectorOf);
    return pods
      .inNamespace(set.metadata.namespace ?? "")
      .filter(({ metadata }) => selectors.some((selector) => matchesLabels(selector, metadata.labels)));
  };
  const loop = startOwnerLoop<ReplicaSet>(context, {
    name: component,
    resource,
    selectorOf,
    dependents: [pods],
    reconcile,
  });
  return loop;
}
