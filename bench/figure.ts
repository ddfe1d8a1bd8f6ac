/** One measured number. `goal` is `null` where none was set. */
export type Figure = { name: string; value: number; unit: string; goal: number | null; better: "lower" | "higher" };

/** What each file `bench/<name>.bench.ts` exports. */
export type Benchmark = { title: string; run(): Promise<Figure[]> };

/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Rounds to three digits that count. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
