/** A reading of the clock on a wall. `month` is 1 to 12, `weekday` 0 for Sunday. */
export type WallTime = {
  year: number;
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
  second: number;
};

/** Whether a name is in the time zone database, written as it is there. */
export function isTimeZone(name: string): boolean {
  if (name === "UTC" || name === "") return true;
  // Besides names, the runtime takes offsets and any case; the database has neither.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** The clocks of one zone. */
export type Zone = {
  wall(timeMs: number): WallTime;
  /** The time at which the clock shows this; months and days beyond their ends count on. Gaps and repeats as in Go's `time.Date`. */
  time(wall: { year: number; month: number; day: number; hour: number; minute: number; second: number }): number;
  /** How far the clock is ahead of UTC. */
  offsetMs(timeMs: number): number;
};

/** @param name of the time zone database; UTC when it is left out or empty */
export function openZone(name = ""): Zone {
  const offsetMs = name === "" || name === "UTC" ? () => 0 : zoneOffset(name);
  return {
    offsetMs,
    wall(timeMs) {
      const local = new Date(timeMs + offsetMs(timeMs));
      return {
        year: local.getUTCFullYear(),
        month: local.getUTCMonth() + 1,
        day: local.getUTCDate(),
        weekday: local.getUTCDay(),
        hour: local.getUTCHours(),
        minute: local.getUTCMinutes(),
        second: local.getUTCSeconds(),
      };
    },
    time({ year, month, day, hour, minute, second }) {
      const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
      return localMs - offsetMs(localMs - offsetMs(localMs));
    },
  };
}

function zoneOffset(timeZone: string): (timeMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (timeMs) => {
    const wholeMs = Math.floor(timeMs / 1_000) * 1_000;
    const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] = format
      .formatToParts(wholeMs)
      .filter(({ type }) => type !== "literal" && type !== "era")
      .map(({ value }) => Number(value));
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs;
  };
}
