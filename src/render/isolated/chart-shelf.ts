import type { Chart } from "../chart/chart.ts";
import { loadChart, loadChartArchive } from "../chart/load.ts";

/** The archive of a chart, or the files of its directory by path relative to it. */
export type ChartBytes = Uint8Array | ReadonlyMap<string, Uint8Array>;

/** Charts of a process, parsed and with their templates compiled, by the digest of their content. */
export type ChartShelf = {
  /** @param content asked for when the chart is not there */
  get(digest: string, content: () => ChartBytes): Chart;
};

/** How many times as large charts are as their archives. */
const unpackedShare = 5;

/** @param bytesMax of the content of all charts; those used last stay. The largest public chart has three megabytes */
export function createChartShelf(bytesMax: number): ChartShelf {
  const charts = new Map<string, { chart: Chart; sizeBytes: number }>();
  let usedBytes = 0;
  return {
    get(digest, content) {
      const known = charts.get(digest);
      if (known !== undefined) {
        charts.delete(digest);
        charts.set(digest, known);
        return known.chart;
      }
      const bytes = content();
      const chart = bytes instanceof Uint8Array ? loadChartArchive(bytes) : loadChart(bytes);
      const sizeBytes = sizeOf(bytes);
      charts.set(digest, { chart, sizeBytes });
      usedBytes += sizeBytes;
      for (const [oldest, gone] of charts) {
        if (usedBytes <= bytesMax || oldest === digest) break;
        charts.delete(oldest);
        usedBytes -= gone.sizeBytes;
      }
      return chart;
    },
  };
}

function sizeOf(bytes: ChartBytes): number {
  if (bytes instanceof Uint8Array) return unpackedShare * bytes.length;
  return bytes.values().reduce((sum, file) => sum + file.length, 0);
}
