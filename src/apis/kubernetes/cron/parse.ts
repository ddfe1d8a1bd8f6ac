import { parseGoDurationMs } from "./duration.ts";
import { isTimeZone } from "./time-zone.ts";

/** When something happens, as the parser that Kubernetes uses (robfig/cron, `ParseStandard`) reads it. */
export type CronSchedule =
  | {
      kind: "fields";
      minutes: ReadonlySet<number>;
      hours: ReadonlySet<number>;
      days: ReadonlySet<number>;
      /** 1 to 12. */
      months: ReadonlySet<number>;
      /** 0 is Sunday. */
      weekdays: ReadonlySet<number>;
      /** Whether both kinds of days are restricted, so that one of them is enough. */
      eitherDay: boolean;
      timeZone?: string;
    }
  | { kind: "every"; everyMs: number };

/** A text that is no schedule; the message is the parser's. */
export class CronError extends Error {}

/** The values that a field takes, and their names if they have some, the first one for the smallest value. */
type Field = { min: number; max: number; names?: readonly string[] };

const minute: Field = { min: 0, max: 59 };
const hour: Field = { min: 0, max: 23 };
const dayOfMonth: Field = { min: 1, max: 31 };
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const month: Field = { min: 1, max: 12, names: months };
const dayOfWeek: Field = { min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };
const fieldCount = 5;

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** `@every` knows no shorter time, and nothing between the seconds. */
const secondMs = 1_000;

/**
 * Reads minute, hour, day of month, month and day of week, with lists, ranges, steps and names, or one of the descriptors
 * `@daily`, `@every 1h30m` and the like; `TZ=` or `CRON_TZ=` before them names the time zone.
 *
 * @throws {CronError} when it is no schedule
 */
export function parseCron(text: string): CronSchedule {
  if (text === "") throw new CronError("empty spec string");
  const zoned = /^(?:CRON_)?TZ=(\S*)\s*(.*)$/su.exec(text);
  const timeZone = zoned?.[1];
  const rest = zoned === null ? text : (zoned[2] ?? "").trim();
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw new CronError(`provided bad location ${timeZone}: unknown time zone ${timeZone}`);
  const schedule = rest.startsWith("@") ? parseDescriptor(rest) : parseFields(rest);
  return timeZone === undefined || schedule.kind === "every" ? schedule : { ...schedule, timeZone };
}

/** Why a text is no schedule, in the parser's words; `undefined` when it is one. */
export function cronProblem(text: string): string | undefined {
  try {
    parseCron(text);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

function parseDescriptor(text: string): CronSchedule {
  const fields = Object.hasOwn(descriptors, text) ? descriptors[text] : undefined;
  if (fields !== undefined) return parseFields(fields);
  if (!text.startsWith("@every ")) throw new CronError(`unrecognized descriptor: ${text}`);
  const span = text.slice("@every ".length);
  const spanMs = parseGoDurationMs(span);
  if (typeof spanMs === "string") throw new CronError(`failed to parse duration ${text}: ${spanMs}`);
  return { kind: "every", everyMs: Math.max(1, Math.floor(spanMs / secondMs)) * secondMs };
}

function parseFields(text: string): CronSchedule {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const [minuteText, hourText, dayText, monthText, weekdayText] = words;
  if (weekdayText === undefined || words.length > fieldCount)
    throw new CronError(`expected exactly ${fieldCount} fields, found ${words.length}: [${words.join(" ")}]`);
  const minutes = parseField(minuteText ?? "", minute);
  const hours = parseField(hourText ?? "", hour);
  const days = parseField(dayText ?? "", dayOfMonth);
  const allMonths = parseField(monthText ?? "", month);
  const weekdays = parseField(weekdayText, dayOfWeek);
  return {
    kind: "fields",
    minutes: minutes.values,
    hours: hours.values,
    days: days.values,
    months: allMonths.values,
    weekdays: weekdays.values,
    eitherDay: !days.open && !weekdays.open,
  };
}

/** A list of ranges; `open` when one of them is `*` with no step. */
function parseField(text: string, field: Field): { values: Set<number>; open: boolean } {
  const values = new Set<number>();
  let open = false;
  for (const part of text.split(",").filter((one) => one !== "")) {
    const range = parseRange(part, field);
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
    open ||= range.open;
  }
  return { values, open };
}

/** `*`, `5`, `1-5`, each with `/step`. */
function parseRange(text: string, field: Field): { start: number; end: number; step: number; open: boolean } {
  const { min, max } = field;
  const [range = "", stepText, ...moreSteps] = text.split("/");
  const [low = "", high, ...moreHigh] = range.split("-");
  const any = low === "*" || low === "?";
  const start = any ? min : parseNumber(low, field);
  if (!any && moreHigh.length > 0) throw new CronError(`too many hyphens: ${text}`);
  let end = any ? max : high === undefined ? start : parseNumber(high, field);
  if (moreSteps.length > 0) throw new CronError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  // `5/10` means from 5 to the end.
  if (stepText !== undefined && high === undefined) end = max;
  if (start < min) throw new CronError(`beginning of range (${start}) below minimum (${min}): ${text}`);
  if (end > max) throw new CronError(`end of range (${end}) above maximum (${max}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  return { start, end, step, open: any && step === 1 };
}

function parseNumber(text: string, field?: Field): number {
  const named = field?.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + (field?.min ?? 0);
  if (/^\+?\d+$/.test(text)) return Number(text);
  if (/^-\d+$/.test(text)) throw new CronError(`negative number (${text}) not allowed: ${text}`);
  throw new CronError(
    `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}
