import { matchesLabels, selectorFromObject } from "../../apimachinery/index.ts";
import type { Controller } from "../../controller-runtime/index.ts";
import { createEventRecorder } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";
import { candidates, claim, decideClaims } from "./claim.ts";
import {
  type Claim,
  type ControllerRevision,
  controllerRevisions,
  type Pod,
  persistentVolumeClaims,
  pods as podResource,
  type StatefulSet,
  statefulSets,
} from "./kinds.ts";
import { startOwnerLoop } from "./owner-loop.ts";
import { slowStart } from "./pod-control.ts";
import { nextAvailableMs } from "./pods.ts";
import { createRevisions } from "./revisions.ts";
import { createStatefulControl } from "./stateful-control.ts";
import { outdatedRevisions, type StatefulHistory, syncHistory } from "./stateful-history.ts";
import { planStatefulSet, revisionOf, type StatefulPlan, type StatefulStep, statusDiffers } from "./stateful-plan.ts";
import { claimsOf, isMember } from "./stateful-pod.ts";
import { writeStatus } from "./status-write.ts";

/** Keeps the numbered pods of each StatefulSet, with the claims that are theirs. */
export function startStatefulSetController(context: ControllerContext): Controller {
  const { client, informers, log, now } = context;
  const pods = informers.of<Pod>(podResource);
  const claims = informers.of<Claim>(persistentVolumeClaims);
  const history = informers.of<ControllerRevision>(controllerRevisions);
  const revisions = createRevisions(client, history);
  const record = createEventRecorder(client, "statefulset-controller", log, now);
  const control = createStatefulControl(client, { pods, claims }, record);

  const reconcile = async (set: StatefulSet): Promise<number | undefined> => {
    const owner = { resource: statefulSets, object: set };
    const selector = selectorFromObject(set.spec.selector);
    const selected = ({ metadata }: Pod | ControllerRevision) => matchesLabels(selector, metadata.labels);
    const known = await claim(
      client,
      owner,
      { resource: controllerRevisions, informer: history },
      decideClaims(set, candidates(history, set).filter(selected), () => true),
    );
    const member = (pod: Pod) => selected(pod) && isMember(set, pod);
    const claimed = decideClaims(set, candidates(pods, set), member);
    const owned = await claim(client, owner, { resource: podResource, informer: pods }, claimed);
    const past = await syncHistory(set, known, revisions);
    const plan = planStatefulSet({
      set,
      ...past,
      pods: owned,
      claimsOf: (pod) =>
        claimsOf(set, pod).flatMap(({ metadata }) => claims.get(metadata.namespace, metadata.name ?? "") ?? []),
      now: now(),
    });
    const failure = await act(set, plan);
    if (statusDiffers(set, plan.status)) await writeStatus(client, statefulSets, loop.owners, set, plan.status);
    await forgetRevisions(set, known, past, owned);
    if (failure !== undefined) throw failure;
    return nextAvailableMs(owned, set.spec.minReadySeconds ?? 0, now());
  };
  /** @returns why not all steps were taken */
  const act = async (set: StatefulSet, { phases }: StatefulPlan): Promise<unknown> => {
    const parallel = set.spec.podManagementPolicy === "Parallel";
    const take = async (step: StatefulStep) => await control.take(set, step);
    try {
      for (const steps of phases) {
        if (!parallel) for (const step of steps) await take(step);
        else {
          const { errors } = await slowStart(steps, take);
          if (errors.length > 0) return errors[0];
        }
      }
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const forgetRevisions = async (
    set: StatefulSet,
    known: readonly ControllerRevision[],
    past: StatefulHistory,
    owned: readonly Pod[],
  ) => {
    const live = new Set(owned.flatMap((pod) => revisionOf(pod) ?? []));
    for (const revision of outdatedRevisions(set, known, past, live)) await revisions.remove(revision);
  };
  const loop = startOwnerLoop<StatefulSet>(context, {
    name: "statefulset-controller",
    resource: statefulSets,
    selectorOf: ({ spec }) => selectorFromObject(spec.selector),
    dependents: [pods],
    needs: [claims, history],
    reconcile,
  });
  // A pod may wait for the claim of the pod before it to be gone.
  const waiting = claims.listen({
    onDelete: ({ metadata }) => {
      for (const set of loop.owners.inNamespace(metadata.namespace ?? "")) {
        const templates = set.spec.volumeClaimTemplates ?? [];
        const isOurs = templates.some((template) =>
          metadata.name?.startsWith(`${template.metadata.name}-${set.metadata.name}-`),
        );
        if (isOurs) loop.enqueue(loop.keyOf(set));
      }
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
