import { type Fields, fieldsAt, isFields, itemsAt, listAt, textAt } from "../../../apimachinery/index.ts";

/** One value of a row. */
export type Cell = string | number | bigint | boolean;

/**
 * How a kind is shown: its columns in one line, separated by `|`, and their values. A column ends in `*` when only the wide
 * view has it, and begins with `#` when it holds numbers, `?` when it holds truth values, `@` for a point in time.
 */
export type View = { columns: string; row: (object: Fields, now: Date) => Cell[] };

export const none = "<none>";
export const unset = "<unset>";
export const unknown = "<unknown>";

export const nameOf = (object: Fields): string => textAt(object, "metadata", "name");
export const ageOf = (object: Fields, now: Date): string => since(textAt(object, "metadata", "creationTimestamp"), now);
export const isDeleting = (object: Fields): boolean => textAt(object, "metadata", "deletionTimestamp") !== "";

/** How long ago a point in time was. */
export function since(timestamp: string, now: Date): string {
  const then = Date.parse(timestamp);
  return Number.isNaN(then) ? unknown : humanDuration((now.getTime() - then) / 1000);
}

/** A span in one or two units, the finer the shorter it is: `45s`, `5m10s`, `3d4h`, `2y35d`. */
export function humanDuration(span: number): string {
  const seconds = Math.trunc(span);
  // Clocks of two machines may differ by a second.
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return two(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? two(years, "y", days % 365, "d") : `${years}y`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** Labels as `a=b,c=d`, sorted. */
export function labelsText(labels: unknown): string {
  const pairs = Object.entries(isFields(labels) ? labels : {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? none : pairs.sort().join(",");
}

/** A label selector in the form that `kubectl -l` takes; empty when it selects all or nothing. */
export function selectorText(selector: unknown): string {
  const terms = Object.entries(fieldsAt(selector, "matchLabels")).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  for (const expression of itemsAt(selector, "matchExpressions")) {
    const key = textAt(expression, "key");
    const values = listAt(expression, "values").map(String).sort().join(",");
    const texts: Record<string, string> = {
      In: `${key} in (${values})`,
      NotIn: `${key} notin (${values})`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    terms.push({ key, text: texts[textAt(expression, "operator")] ?? key });
  }
  terms.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return terms.map(({ text }) => text).join(",");
}

/** The names and the images of the containers of a pod template. */
export function containersOf(template: unknown): [names: string, images: string] {
  const containers = itemsAt(template, "spec", "containers");
  return [
    containers.map((one) => textAt(one, "name")).join(","),
    containers.map((one) => textAt(one, "image")).join(","),
  ];
}

/** The first `max` of a list, and how many more there are. */
export function shorten(list: readonly string[], max: number, separator = ","): string {
  const text = list.slice(0, max).join(separator);
  return list.length > max ? `${text} + ${list.length - max} more...` : text;
}

export function conditionOf(object: Fields, type: string): Fields | undefined {
  return itemsAt(object, "status", "conditions").find((condition) => condition["type"] === type);
}
