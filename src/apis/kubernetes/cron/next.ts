import type { CronSchedule } from "./parse.ts";
import { openZone, type WallTime, type Zone } from "./time-zone.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;

/** A schedule that names no day within five years, like 31 February, names none. */
const yearsMax = 5;

/**
 * The next time of a schedule after a given one, as robfig/cron finds it: at the change to summer time what falls into the
 * missing hour does not happen, and in the hour that comes twice it happens twice when the hours are not restricted.
 *
 * @param zone of the schedules that name none themselves; UTC when it is left out
 * @returns `undefined` when it has none
 */
export function nextCronTime(schedule: CronSchedule, after: Date, zone?: string): Date | undefined {
  const afterMs = after.getTime();
  if (schedule.kind === "every") return new Date(afterMs + schedule.everyMs - modulo(afterMs, secondMs));
  const timeMs = findNext(
    schedule,
    afterMs + secondMs - modulo(afterMs, secondMs),
    openZone(schedule.timeZone ?? zone),
  );
  return timeMs === undefined ? undefined : new Date(timeMs);
}

type Fields = Extract<CronSchedule, { kind: "fields" }>;

/** Looks for the fields from the largest to the smallest; each one that overflows begins anew with the largest. */
function findNext(schedule: Fields, fromMs: number, zone: Zone): number | undefined {
  if (schedule.hours.size === 0 || schedule.minutes.size === 0) return undefined;
  const lastYear = zone.wall(fromMs).year + yearsMax;
  let timeMs = fromMs;
  // Once a field has moved, the smaller ones begin at their smallest.
  let moved = false;
  const startOf = (wall: WallTime, unit: "month" | "day") => {
    const start = { ...wall, hour: 0, minute: 0, second: 0 };
    return zone.time(unit === "month" ? { ...start, day: 1 } : start);
  };
  /** Moves until the field fits; `false` when that wrapped around. */
  const seek = (fits: (wall: WallTime) => boolean, floor: () => void, step: () => void, wraps: () => boolean) => {
    while (!fits(zone.wall(timeMs))) {
      if (!moved) floor();
      moved = true;
      const before = timeMs;
      step();
      // A zone that skips a whole day, as Samoa did in 2011, would keep us there for good.
      if (timeMs <= before) timeMs = before + hourMs;
      if (wraps()) return false;
    }
    return true;
  };
  const wall = () => zone.wall(timeMs);
  while (wall().year <= lastYear) {
    const found =
      seek(
        ({ month }) => schedule.months.has(month),
        () => (timeMs = startOf(wall(), "month")),
        () => (timeMs = zone.time({ ...wall(), month: wall().month + 1 })),
        () => wall().month === 1,
      ) &&
      seek(
        (at) => isDay(schedule, at),
        () => (timeMs = startOf(wall(), "day")),
        () => (timeMs = nextDay(timeMs, zone)),
        () => wall().day === 1,
      ) &&
      seek(
        ({ hour }) => schedule.hours.has(hour),
        () => (timeMs = zone.time({ ...wall(), minute: 0, second: 0 })),
        () => (timeMs += hourMs),
        () => wall().hour === 0,
      ) &&
      seek(
        ({ minute }) => schedule.minutes.has(minute),
        () => (timeMs -= modulo(timeMs, minuteMs)),
        () => (timeMs += minuteMs),
        () => wall().minute === 0,
      ) &&
      seek(
        ({ second }) => second === 0,
        () => undefined,
        () => (timeMs += (60 - wall().second) * secondMs),
        () => true,
      );
    if (found) return timeMs;
  }
  return undefined;
}

/** Where midnight does not exist, the day after next begins an hour off: put right as far as whole hours do it. */
function nextDay(timeMs: number, zone: Zone): number {
  const here = zone.wall(timeMs);
  const next = zone.time({ ...here, day: here.day + 1 });
  const { hour } = zone.wall(next);
  if (hour === 0) return next;
  return next + (hour > 12 ? 24 - hour : -hour) * hourMs;
}

function isDay(schedule: Fields, { day, weekday }: WallTime): boolean {
  const [isDayOfMonth, isWeekday] = [schedule.days.has(day), schedule.weekdays.has(weekday)];
  return schedule.eitherDay ? isDayOfMonth || isWeekday : isDayOfMonth && isWeekday;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
