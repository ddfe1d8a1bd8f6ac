/** Labels of one series, in the order of the metric's label names. */
type Values = readonly string[];

/** Adds up. */
export type Counter = { add(values: Values, by?: number): void };
/** Goes up and down. */
export type Gauge = { add(values: Values, by: number): void };
/** Counts values by size. */
export type Histogram = { observe(values: Values, value: number): void };
/** One value with its labels, made when somebody asks. */
export type Sample = { labels: Readonly<Record<string, string>>; value: number };

/** Metrics of this process in Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export type MetricsRegistry = {
  counter(name: string, help: string, labels: readonly string[]): Counter;
  gauge(name: string, help: string, labels: readonly string[]): Gauge;
  histogram(name: string, help: string, labels: readonly string[], buckets: readonly number[]): Histogram;
  /** A metric whose values are read when somebody asks. */
  read(name: string, type: "counter" | "gauge", help: string, samples: () => Iterable<Sample>): void;
  /** The exposition, version 0.0.4. */
  text(): string;
};

/**
 * Series that one metric keeps at most. Resources of CRDs come from users: what goes over it is counted nowhere, so that
 * memory stays bounded. kube-apiserver of a large cluster has some 2,000 series of `apiserver_request_total`.
 */
const seriesMax = 10_000;
/** Joins label values into the name of a series; no label value holds it. */
const separator = "\0";

export function createMetricsRegistry(): MetricsRegistry {
  const metrics: { name: string; write: () => string[] }[] = [];
  const add = (name: string, type: string, help: string, lines: () => string[]) =>
    metrics.push({ name, write: () => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines()] });
  const sums = (name: string, type: "counter" | "gauge", help: string, labels: readonly string[]) => {
    const series = createSeries(() => ({ sum: 0 }));
    add(name, type, help, () =>
      series.entries().map(([values, { sum }]) => `${name}${labelText(labels, values)} ${numberText(sum)}`),
    );
    return {
      add(values: Values, by = 1) {
        const found = series.get(values);
        if (found !== undefined) found.sum += by;
      },
    };
  };
  return {
    counter: (name, help, labels) => sums(name, "counter", help, labels),
    gauge: (name, help, labels) => sums(name, "gauge", help, labels),
    histogram(name, help, labels, buckets) {
      const series = createSeries(() => ({ counts: new Uint32Array(buckets.length + 1), sum: 0, count: 0 }));
      add(name, "histogram", help, () =>
        series.entries().flatMap(([values, { counts, sum, count }]) => {
          let below = 0;
          const lines = [...buckets, Number.POSITIVE_INFINITY].map((bound, index) => {
            below += counts[index] ?? 0;
            return `${name}_bucket${labelText([...labels, "le"], [...values, numberText(bound)])} ${below}`;
          });
          const text = labelText(labels, values);
          return [...lines, `${name}_sum${text} ${numberText(sum)}`, `${name}_count${text} ${count}`];
        }),
      );
      return {
        observe(values, value) {
          const found = series.get(values);
          if (found === undefined) return;
          let index = 0;
          while (index < buckets.length && value > (buckets[index] ?? 0)) index++;
          found.counts[index] = (found.counts[index] ?? 0) + 1;
          found.sum += value;
          found.count += 1;
        },
      };
    },
    read(name, type, help, samples) {
      add(name, type, help, () =>
        [...samples()].map(
          ({ labels, value }) => `${name}${labelText(Object.keys(labels), Object.values(labels))} ${numberText(value)}`,
        ),
      );
    },
    text: () =>
      metrics
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap(({ write }) => write())
        .map((line) => `${line}\n`)
        .join(""),
  };
}

function createSeries<T>(make: () => T) {
  const series = new Map<string, T>();
  return {
    /** @returns `undefined` when there are too many series already */
    get(values: Values): T | undefined {
      const key = values.join(separator);
      let found = series.get(key);
      if (found === undefined && series.size < seriesMax) {
        found = make();
        series.set(key, found);
      }
      return found;
    },
    entries: (): [string[], T][] => [...series].map(([key, value]) => [key.split(separator), value]),
  };
}

function labelText(names: readonly string[], values: Values): string {
  if (names.length === 0) return "";
  const pairs = names.map((name, index) => `${name}="${escaped(values[index] ?? "")}"`);
  return `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberText(value: number): string {
  return value === Number.POSITIVE_INFINITY ? "+Inf" : String(value);
}
