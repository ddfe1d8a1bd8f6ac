const unitsMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a Go duration such as `90s`, `5m` or `1h30m`; `undefined` for anything else. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, digits, unit = ""]) => sum + Number(digits) * (unitsMs[unit] ?? 0),
    0,
  );
}

/** A duration for people: `850 ms`, `1.4 s`, `5 m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  return `${(ms / 60_000).toFixed(1).replace(/\.0$/, "")} m`;
}
