import { deepEqual, matchesLabels, StatusError, selectorFromObject } from "../../../apimachinery/index.ts";
import { type Controller, createEventRecorder, type EventRecorder } from "../../../controller-runtime/index.ts";
import type { ControllerContext } from "../../context.ts";
import { candidates, claim, decideClaims } from "../../workloads/claim.ts";
import { type Pod, pods as podResource } from "../../workloads/kinds.ts";
import { startOwnerLoop } from "../../workloads/owner-loop.ts";
import { createPodControl, newest } from "../../workloads/pod-control.ts";
import { isActive, isReady } from "../../workloads/pods.ts";
import { finishedCondition, isManagedElsewhere, type Job, type JobStatus, jobs, trackingFinalizer } from "../kinds.ts";
import type { Backoff } from "./backoff.ts";
import { startOrphanController } from "./orphans.ts";
import { type Plan, planJob } from "./plan.ts";
import { isTracked } from "./pods.ts";
import { compactStatus, type Done, type Event, finishTracking, trackJob } from "./track.ts";
import { type JobView, viewJob } from "./view.ts";

/** Runs the pods of Jobs to their end and counts them. */
export function startJobController(context: ControllerContext): Controller {
  const { client, informers, log, now } = context;
  const pods = informers.of<Pod>(podResource);
  const record = createEventRecorder(client, "job-controller", log, now);
  const control = createPodControl(client, pods, record);
  const backoffs = new Map<string, Backoff>();
  const finalizers = createFinalizerControl(context);

  const reconcile = async (job: Job, key: string): Promise<number | undefined> => {
    if (isManagedElsewhere(job)) return undefined;
    if (finishedCondition(job) !== undefined) {
      backoffs.delete(key);
      return undefined;
    }
    const selector = selectorFromObject(job.spec.selector);
    const claims = decideClaims(job, candidates(pods, job), ({ metadata }) => matchesLabels(selector, metadata.labels));
    const dependents = { resource: podResource, informer: pods, finalizer: trackingFinalizer };
    const claimed = await claim(client, { resource: jobs, object: job }, dependents, claims);
    const view = viewJob({
      job,
      pods: claimed,
      released: finalizers.released,
      backoff: backoffs.get(key) ?? { failures: 0 },
      now: now(),
    });
    const plan = planJob(view);
    const { done, errors } = await carryOut(view, plan);
    await track(view, plan, done, key);
    if (errors.length > 0) throw errors[0];
    return plan.afterMs;
  };

  const carryOut = async (view: JobView, plan: Plan): Promise<{ done: Done; errors: unknown[] }> => {
    const { job, active, ready, terminating } = view;
    if (plan.remove.length > 0) {
      const errors = plan.keepFinalizers ? [] : (await finalizers.release(plan.remove)).errors;
      if (errors.length === 0) errors.push(...(await control.remove(job, plan.remove)));
      const removed = plan.remove.length - errors.length;
      const done: Done = {
        active: active.length - removed,
        ready: ready - plan.remove.filter(isReady).length,
        terminating: terminating + removed,
        allRemoved: errors.length === 0,
      };
      return { done, errors };
    }
    const errors = await control.create(job, plan.create);
    const created = errors.length === 0 ? active.length + plan.create.length : activeNow(job);
    return { done: { active: created, ready, terminating, allRemoved: true }, errors };
  };
  const activeNow = ({ metadata }: Job) => pods.controlledBy(metadata.uid ?? "").filter(isActive).length;

  /** Writes what is to be counted, then takes the finalizers away, then counts. */
  const track = async (view: JobView, plan: Plan, done: Done, key: string): Promise<void> => {
    const tracking = trackJob(view, plan, done);
    let job = await write(view.job, tracking.status);
    backoffs.set(key, view.backoff);
    recordAll(record, job, tracking.events);
    const { gone, errors } = await finalizers.release(tracking.release);
    const left = view.tracked.map(({ metadata }) => metadata.uid ?? "").filter((uid) => !gone.has(uid));
    const ending = errors.length === 0 ? tracking.ending : undefined;
    const final = finishTracking(tracking.status, new Set(left), ending, job);
    job = await write(job, final.status);
    recordAll(record, job, final.events);
    if (errors.length > 0) throw errors[0];
  };
  const write = async (job: Job, status: JobStatus): Promise<Job> => {
    const wanted = compactStatus(status);
    if (deepEqual(wanted, job.status ?? {})) return job;
    const written = await client.update<Job>(jobs, { ...job, status: wanted }, { subresource: "status" });
    await loop.owners.reached(written.metadata.resourceVersion);
    return written;
  };

  const loop = startOwnerLoop<Job>(context, {
    name: "job",
    resource: jobs,
    selectorOf: ({ spec }) => selectorFromObject(spec.selector),
    dependents: [pods],
    reconcile,
    forget: (key) => void backoffs.delete(key),
  });
  const orphans = startOrphanController(context, finalizers.release);
  return {
    enqueue: loop.enqueue,
    async idle() {
      await loop.idle();
      await orphans.idle();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([loop[Symbol.asyncDispose](), orphans[Symbol.asyncDispose]()]);
      finalizers[Symbol.dispose]();
    },
  };
}

function recordAll(record: EventRecorder, job: Job, events: readonly Event[]): void {
  for (const { type, reason, message } of events) record(job, type, reason, message);
}

type FinalizerControl = Disposable & {
  /** Uids of pods that have lost their finalizer while the cache may still show it. */
  released: ReadonlySet<string>;
  /**
   * Takes the finalizer from pods and waits until the cache has seen that.
   *
   * @returns uids of those that have it no more, absent ones among them, and errors
   */
  release(pods: readonly Pod[]): Promise<{ gone: Set<string>; errors: unknown[] }>;
};

function createFinalizerControl({ client, informers }: ControllerContext): FinalizerControl {
  const pods = informers.of<Pod>(podResource);
  const released = new Set<string>();
  const patch = { metadata: { "$deleteFromPrimitiveList/finalizers": [trackingFinalizer] } };
  const releaseOne = async (pod: Pod): Promise<Pod | undefined> => {
    const { namespace, name = "", uid = "" } = pod.metadata;
    released.add(uid);
    try {
      return await client.patch<Pod>(podResource, { namespace, name }, "strategic", {
        metadata: { uid, ...patch.metadata },
      });
    } catch (error) {
      if (!(error instanceof StatusError && (error.reason === "NotFound" || isReplaced(error)))) {
        released.delete(uid);
        throw error;
      }
      // Nothing more will be heard of it when the cache knows already that it is gone.
      if (pods.get(namespace, name)?.metadata.uid !== uid) released.delete(uid);
      return undefined;
    }
  };
  const listening = pods.listen({
    onChange: (pod) => {
      if (!isTracked(pod)) released.delete(pod.metadata.uid ?? "");
    },
    onDelete: ({ metadata }) => void released.delete(metadata.uid ?? ""),
  });
  return {
    released,
    async release(all) {
      const gone = new Set<string>();
      const written: Pod[] = [];
      const errors: unknown[] = [];
      const one = async (pod: Pod) => {
        try {
          const patched = await releaseOne(pod);
          if (patched !== undefined) written.push(patched);
          gone.add(pod.metadata.uid ?? "");
        } catch (error) {
          errors.push(error);
        }
      };
      await Promise.all(all.filter(isTracked).map(one));
      await pods.reached(newest(written));
      return { gone, errors };
    },
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}

/** The name belongs to another pod by now. */
function isReplaced({ reason, message }: StatusError): boolean {
  return reason === "Conflict" && /uid/i.test(message);
}
