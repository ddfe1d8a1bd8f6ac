/** A list of completion indexes like `1,3-5`, or in Kubernetes' words why it is none. */
export type ParsedIndexes = { intervals: Interval[]; count: number } | string;
type Interval = { first: number; last: number };

/** @param completions where the indexes end */
export function parseIndexList(text: string, completions: number): ParsedIndexes {
  const intervals: Interval[] = [];
  let count = 0;
  for (const part of text === "" ? [] : text.split(",")) {
    const interval = parseInterval(part, completions);
    if (typeof interval === "string") return interval;
    const previous = intervals.at(-1);
    if (previous !== undefined && previous.last >= interval.first)
      return `non-increasing order, previous: ${previous.last}, current: ${interval.first}`;
    intervals.push(interval);
    count += interval.last - interval.first + 1;
  }
  return { intervals, count };
}

/** The first index that is in both lists. What cannot be read is in none. */
export function firstCommonIndex(one: string, other: string, completions: number): number | undefined {
  const read = (text: string) =>
    (text === "" ? [] : text.split(","))
      .map((part) => parseInterval(part, completions))
      .filter((interval) => typeof interval !== "string");
  const others = read(other);
  for (const { first, last } of read(one)) {
    const overlap = others.find((interval) => first <= interval.last && interval.first <= last);
    if (overlap !== undefined) return Math.max(first, overlap.first);
  }
  return undefined;
}

function parseInterval(text: string, completions: number): Interval | string {
  const limits = text.split("-");
  if (limits.length > 2)
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  const numbers: number[] = [];
  for (const limit of limits) {
    if (!/^\+?\d+$/.test(limit)) return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
    if (Number(limit) >= completions) return `too large index: ${JSON.stringify(limit)}`;
    numbers.push(Number(limit));
  }
  const [first = 0, last = first] = numbers;
  if (limits.length > 1 && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`;
  return { first, last };
}
