import { type Controller, type Result, startController } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";
import { timeMs } from "../workloads/kinds.ts";
import { finishedCondition, type Job, jobs } from "./kinds.ts";

/** Node's timers end at 24.8 days; whoever waits longer is asked once a day. */
const waitMaxMs = 86_400_000;

/** Deletes Jobs with `ttlSecondsAfterFinished` when that time has passed since their end. */
export function startTtlAfterFinishedController({ client, informers, log, now }: ControllerContext): Controller {
  const informer = informers.of<Job>(jobs);
  const controller = startController({
    name: "ttl-after-finished",
    log,
    async reconcile(key): Promise<Result> {
      const [namespace = "", name = ""] = key.split("/");
      const known = informer.get(namespace, name);
      const wait = known && remainingTtlMs(known, now());
      if (wait === undefined) return { state: "done" };
      if (wait > 0) return { state: "again", afterMs: Math.min(wait, waitMaxMs) };
      // The time to live may have been changed a moment ago.
      const live = await client.get<Job>(jobs, { namespace, name });
      const left = live && remainingTtlMs(live, now());
      if (live === undefined || left === undefined) return { state: "done" };
      if (left > 0) return { state: "again", afterMs: Math.min(left, waitMaxMs) };
      const { uid = "" } = live.metadata;
      await client.delete(jobs, { namespace, name }, { propagationPolicy: "Foreground", preconditions: { uid } });
      return { state: "done" };
    },
  });
  const listening = informer.listen({
    onChange: (job) => {
      if (remainingTtlMs(job, now()) !== undefined)
        controller.enqueue(`${job.metadata.namespace}/${job.metadata.name}`);
    },
  });
  return {
    ...controller,
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Milliseconds that a job still has to live; `undefined` when it is not over, has no end or is going already. */
export function remainingTtlMs(job: Job, now: Date): number | undefined {
  const ttlSeconds = job.spec.ttlSecondsAfterFinished;
  const finishedMs = timeMs(finishedCondition(job)?.lastTransitionTime);
  if (ttlSeconds === undefined || finishedMs === undefined) return undefined;
  if (job.metadata.deletionTimestamp !== undefined) return undefined;
  return finishedMs + ttlSeconds * 1000 - now.getTime();
}
