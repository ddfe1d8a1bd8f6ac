import { type CronSchedule, isTimeZone, nextCronTime, parseCron } from "../../../apis/index.ts";
import { timeMs } from "../../workloads/kinds.ts";
import type { CronJob } from "../kinds.ts";

/** Clocks of several machines may differ by this; as in kube-controller-manager. */
const paddingMs = 100;
/** More than these are reported: somebody's clock may be wrong. */
const missedMax = 100;

/** Which time of a schedule came last, since the last job or the creation. */
export type Recent = { earliestMs: number; recentMs?: number; missed: "none" | "few" | "many" };

/**
 * The schedule of a CronJob in its time zone; a zone within the schedule, which old objects may have, goes before it.
 *
 * @throws {CronError} when it cannot be read
 */
export function scheduleOf({ spec }: CronJob): CronSchedule {
  const { schedule, timeZone } = spec;
  const isZoned = schedule.includes("TZ") || timeZone === undefined || !isTimeZone(timeZone);
  return parseCron(isZoned ? schedule : `TZ=${timeZone} ${schedule}`);
}

/**
 * Finds the last time at which a job should have been started.
 *
 * @param withDeadline whether times beyond `startingDeadlineSeconds` are left out
 * @returns a text when the schedule makes no sense, like the 31st of February
 */
export function recentTime(
  cronJob: CronJob,
  schedule: CronSchedule,
  now: Date,
  withDeadline: boolean,
): Recent | string {
  const { metadata, spec, status } = cronJob;
  const deadlineMs =
    withDeadline && spec.startingDeadlineSeconds !== undefined
      ? now.getTime() - spec.startingDeadlineSeconds * 1000
      : Number.NEGATIVE_INFINITY;
  const beganMs = timeMs(status?.lastScheduleTime) ?? timeMs(metadata.creationTimestamp) ?? now.getTime();
  const earliestMs = Math.max(beganMs, deadlineMs);
  const nonsense = "time difference between two schedules is less than 1 second";
  const first = nextMs(schedule, earliestMs);
  if (first === undefined) return nonsense;
  if (now.getTime() < first) return { earliestMs, missed: "none" };
  const second = nextMs(schedule, first);
  if (second === undefined) return nonsense;
  if (now.getTime() < second) return { earliestMs, recentMs: first, missed: "none" };
  const distance = Math.round((second - first) / 1000);
  if (distance < 1) return nonsense;
  const count = Math.floor((now.getTime() - first) / 1000 / distance) + 1;
  // One distance earlier than the last, in case the schedule is not regular.
  let recentMs: number | undefined;
  let candidate = nextMs(schedule, first + (count - 2) * distance * 1000);
  while (candidate !== undefined && candidate <= now.getTime()) {
    recentMs = candidate;
    candidate = nextMs(schedule, candidate);
  }
  return { earliestMs, missed: count > missedMax ? "many" : "few", ...(recentMs !== undefined && { recentMs }) };
}

/** Milliseconds until the next time of the schedule. */
export function untilNextMs(cronJob: CronJob, schedule: CronSchedule, now: Date): number | undefined {
  const recent = recentTime(cronJob, schedule, now, false);
  const sinceMs = typeof recent === "string" ? now.getTime() : startOf(recent, now);
  const next = nextMs(schedule, sinceMs);
  return next === undefined ? undefined : next + paddingMs - now.getTime();
}

function startOf({ earliestMs, recentMs, missed }: Recent, now: Date): number {
  return recentMs ?? (missed === "none" ? earliestMs : now.getTime());
}

function nextMs(schedule: CronSchedule, afterMs: number): number | undefined {
  return nextCronTime(schedule, new Date(afterMs))?.getTime();
}
