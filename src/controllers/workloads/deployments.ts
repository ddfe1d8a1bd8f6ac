import { deepEqual, matchesLabels, StatusError, selectorFromObject } from "../../apimachinery/index.ts";
import { type Controller, createEventRecorder } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import type { ControllerContext } from "../context.ts";
import { candidates, claim, decideClaims } from "./claim.ts";
import { type Message, type SetWrite, setCondition } from "./deployment-draft.ts";
import { type DeploymentPlan, planDeployment } from "./deployment-plan.ts";
import { progressDeadline } from "./deployment-sets.ts";
import { newCondition } from "./deployment-status.ts";
import { sameTemplate } from "./hash.ts";
import {
  controllerOf,
  type Deployment,
  deployments,
  type Pod,
  pods as podResource,
  type ReplicaSet,
  replicaSets,
} from "./kinds.ts";
import { hasCause, startOwnerLoop } from "./owner-loop.ts";

/** Rolls each Deployment out through ReplicaSets, one for each template it has had. */
export function startDeploymentController(context: ControllerContext): Controller {
  const { client, informers, log, now } = context;
  const sets = informers.of<ReplicaSet>(replicaSets);
  const pods = informers.of<Pod>(podResource);
  const record = createEventRecorder(client, "deployment-controller", log, now);
  const tell = (deployment: Deployment, messages: readonly Message[]) => {
    for (const { type, reason, message } of messages) record(deployment, type, reason, message);
  };

  const reconcile = async (deployment: Deployment): Promise<number | undefined> => {
    const selector = selectorFromObject(deployment.spec.selector);
    const matches = ({ metadata }: ReplicaSet) => matchesLabels(selector, metadata.labels);
    const owned = await claim(
      client,
      { resource: deployments, object: deployment },
      { resource: replicaSets, informer: sets },
      decideClaims(deployment, candidates(sets, deployment), matches),
    );
    const plan = planDeployment(deployment, owned, (uid) => pods.controlledBy(uid), now());
    if (plan.create !== undefined) await create(deployment, plan, plan.create);
    for (const { set, messages } of plan.updates) {
      const written = await client.update(replicaSets, set);
      tell(deployment, messages);
      await sets.reached(written.metadata.resourceVersion);
    }
    for (const set of plan.remove) {
      const { namespace, name = "" } = set.metadata;
      await client.delete(replicaSets, { namespace, name });
      await sets.gone(set);
    }
    await write(deployment, plan);
    return plan.afterMs;
  };
  const create = async (deployment: Deployment, plan: DeploymentPlan, { set, messages }: SetWrite) => {
    try {
      const created = await client.create(replicaSets, set);
      tell(deployment, messages);
      await sets.reached(created.metadata.resourceVersion);
    } catch (error) {
      if (hasCause(error, "NamespaceTerminating")) throw error;
      if (error instanceof StatusError && error.reason === "AlreadyExists") await resolveCollision(deployment, set);
      else await reportFailure(deployment, plan, set, error);
      throw error;
    }
  };
  /** A set of this name may be one that the cache did not show yet; any other set means that two templates have one hash. */
  const resolveCollision = async (deployment: Deployment, { metadata, spec }: ReplicaSet) => {
    const { namespace, name = "" } = metadata;
    const live = await client.get<ReplicaSet>(replicaSets, { namespace, name });
    if (live === undefined) return;
    const ours = controllerOf(live)?.uid === deployment.metadata.uid && sameTemplate(live.spec.template, spec.template);
    if (ours) return await sets.reached(live.metadata.resourceVersion);
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await writeStatus({ ...deployment, status: { ...deployment.status, collisionCount } });
  };
  const reportFailure = async (
    deployment: Deployment,
    plan: DeploymentPlan,
    { metadata }: ReplicaSet,
    error: unknown,
  ) => {
    const message = `Failed to create new replica set ${JSON.stringify(metadata.name)}: ${errorText(error)}`;
    const reason = "ReplicaSetCreateError";
    if (progressDeadline(deployment) !== undefined) {
      const failed: Deployment = { ...deployment, status: { ...deployment.status } };
      setCondition(failed, newCondition("Progressing", "False", reason, message, now()));
      if (!deepEqual(failed.status, deployment.status)) await writeStatus(failed);
    }
    tell(plan.deployment, [{ type: "Warning", reason, message }]);
  };
  const write = async (deployment: Deployment, plan: DeploymentPlan) => {
    const wanted = plan.deployment;
    if (plan.rolledBack) {
      const written = await client.update(deployments, wanted);
      await loop.owners.reached(written.metadata.resourceVersion);
    } else if (!isUpToDate(deployment, wanted)) {
      await writeStatus(wanted);
    }
    tell(deployment, plan.messages);
  };
  const writeStatus = async (deployment: Deployment) => {
    const written = await client.update(deployments, deployment, { subresource: "status" });
    await loop.owners.reached(written.metadata.resourceVersion);
  };
  const loop = startOwnerLoop<Deployment>(context, {
    name: "deployment-controller",
    resource: deployments,
    selectorOf: ({ spec }) => selectorFromObject(spec.selector),
    dependents: [sets],
    needs: [pods],
    reconcile,
  });
  // A deployment that recreates waits for its last old pod to be gone; its sets do not count those that end.
  const waiting = pods.listen({
    onDelete: (pod) => {
      const set = controllerOf(pod);
      const owner = set === undefined ? undefined : sets.get(pod.metadata.namespace, set.name);
      const reference = owner === undefined ? undefined : controllerOf(owner);
      if (reference === undefined || owner?.metadata.uid !== set?.uid) return;
      const deployment = loop.owners.get(pod.metadata.namespace, reference.name);
      if (deployment?.spec.strategy?.type === "Recreate") loop.enqueue(loop.keyOf(deployment));
    },
  });
  return {
    ...loop,
    async [Symbol.asyncDispose]() {
      waiting[Symbol.dispose]();
      await loop[Symbol.asyncDispose]();
    },
  };
}

function isUpToDate(observed: Deployment, wanted: Deployment): boolean {
  const { conditions = [], ...counters } = observed.status ?? {};
  return (
    deepEqual(observed.metadata.annotations ?? {}, wanted.metadata.annotations ?? {}) &&
    deepEqual({ ...counters, conditions }, { conditions: [], ...wanted.status })
  );
}
