/** The minutes of a schedule. */
export type Schedule = {
  /** Whether it has begun at some minute after `from` and before `to`; only the UTC fields of the times are read. */
  hasBegun(from: Date, to: Date): boolean;
};

type Field = { min: number; max: number; names?: readonly string[] };

const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
  { min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const minuteMs = 60_000;

/**
 * Reads a cron expression of five fields: minute, hour, day of month, month, day of week; with lists, ranges, steps and names.
 *
 * @throws {Error} when it is not one
 */
export function parseCron(expression: string): Schedule {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    throw new Error(`cannot parse schedule '${expression}': expected ${fields.length} fields, found ${parts.length}`);
  }
  const [minutes, hours, days, months, weekdays] = parts.map((part, index) =>
    parseField(part, fields[index], expression),
  );
  const [, , dayText = "*", , weekdayText = "*"] = parts;
  // As in every cron: when both kinds of days are restricted, one of them is enough.
  const isEither = !isAny(dayText) && !isAny(weekdayText);
  const isDay = (time: Date) => {
    const [isDayOfMonth, isWeekday] = [days?.has(time.getUTCDate()), weekdays?.has(time.getUTCDay())];
    return months?.has(time.getUTCMonth() + 1) && (isEither ? isDayOfMonth || isWeekday : isDayOfMonth && isWeekday);
  };
  return {
    hasBegun(from, to) {
      for (let at = (Math.floor(from.getTime() / minuteMs) + 1) * minuteMs; at < to.getTime(); at += minuteMs) {
        const time = new Date(at);
        if (minutes?.has(time.getUTCMinutes()) && hours?.has(time.getUTCHours()) && isDay(time)) return true;
      }
      return false;
    },
  };
}

function isAny(text: string): boolean {
  return text.startsWith("*") || text === "?";
}

function parseField(text: string, field: Field | undefined, expression: string): Set<number> {
  const wrong = () =>
    new Error(`cannot parse schedule '${expression}': ${JSON.stringify(text)} is not a field of cron`);
  if (field === undefined) throw wrong();
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const match = /^(?:(\*|\?)|([a-z\d]+)(?:-([a-z\d]+))?)(?:\/(\d+))?$/i.exec(item);
    if (match === null) throw wrong();
    const [, any, first = "", last, step] = match;
    const from = any === undefined ? parseValue(first, field) : field.min;
    const isOpen = any !== undefined || (last === undefined && step !== undefined);
    const to = isOpen ? field.max : parseValue(last ?? first, field);
    const by = Number(step ?? 1);
    if (from === undefined || to === undefined || from > to || by < 1) throw wrong();
    for (let value = from; value <= to; value += by) values.add(value);
  }
  return values;
}

function parseValue(text: string, { min, max, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  const value = named < 0 ? Number(text) : named + min;
  return Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}
