/** Whole numbers as intervals without overlaps, in order: what `completedIndexes` says as `1,3-5,7`. */
export type Indexes = readonly Interval[];
type Interval = { first: number; last: number };

/** Adds numbers, in any order. */
export function withIndexes(indexes: Indexes, more: Iterable<number>): Indexes {
  return mergeIndexes(
    indexes,
    [...more].sort((a, b) => a - b).map((index) => ({ first: index, last: index })),
  );
}

export function mergeIndexes(one: Indexes, other: Indexes): Indexes {
  const merged: Interval[] = [];
  for (const { first, last } of [...one, ...other].sort((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous === undefined || first > previous.last + 1) merged.push({ first, last });
    else previous.last = Math.max(previous.last, last);
  }
  return merged;
}

export function countIndexes(indexes: Indexes): number {
  return indexes.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

export function hasIndex(indexes: Indexes, index: number): boolean {
  let [low, high] = [0, indexes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((indexes[middle]?.last ?? 0) >= index) high = middle;
    else low = middle + 1;
  }
  const found = indexes[low];
  return found !== undefined && found.first <= index;
}

/** How many numbers are in both. */
export function countCommon(one: Indexes, other: Indexes): number {
  let common = 0;
  let [i, j] = [0, 0];
  for (;;) {
    const [a, b] = [one[i], other[j]];
    if (a === undefined || b === undefined) return common;
    common += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
    if (a.last <= b.last) i += 1;
    if (b.last <= a.last) j += 1;
  }
}

/** Two neighbours are written as `3,4`, three and more as `3-5`. */
export function formatIndexes(indexes: Indexes): string {
  return indexes
    .map(({ first, last }) => {
      if (first === last) return String(first);
      return `${first}${last === first + 1 ? "," : "-"}${last}`;
    })
    .join(",");
}

/**
 * The inverse of {@link formatIndexes}.
 *
 * @param completions where the indexes end; what lies beyond is left out, as is what cannot be read
 */
export function parseIndexes(text: string, completions: number): Indexes {
  const intervals: Interval[] = [];
  for (const part of text === "" ? [] : text.split(",")) {
    const [first = Number.NaN, last = first] = part.split("-").map((limit) => Number.parseInt(limit, 10));
    if (Number.isNaN(first) || Number.isNaN(last)) continue;
    if (first >= completions) break;
    intervals.push({ first, last: Math.min(last, completions - 1) });
  }
  return mergeIndexes(intervals, []);
}

/** The first `count` numbers below `completions` that are not among the indexes. */
export function firstMissing(indexes: Indexes, count: number, completions: number): number[] {
  const missing: number[] = [];
  let candidate = 0;
  for (const { first, last } of [...indexes, { first: completions, last: completions }]) {
    for (; candidate < Math.min(first, completions) && missing.length < count; candidate += 1) missing.push(candidate);
    candidate = Math.max(candidate, last + 1);
  }
  return missing;
}
