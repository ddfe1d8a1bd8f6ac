import type { GoMap } from "../template/values.ts";
import type { Chart } from "./chart.ts";
import type { ChartDependency } from "./metadata.ts";

/** A dependency while charts are chosen. `name` becomes the alias once the chart is found. */
export type NodeDependency = ChartDependency & { enabled: boolean };

/**
 * A chart as one render sees it: under the name it has there, with the charts that are part of it and the values that it has
 * imported from them.
 */
export class ChartNode {
  readonly chart: Chart;
  name: string;
  values: GoMap | undefined;
  dependencies: NodeDependency[] | undefined;
  parent: ChartNode | undefined;
  #charts: ChartNode[] = [];

  constructor(chart: Chart, name: string, dependencies: NodeDependency[] | undefined) {
    this.chart = chart;
    this.name = name;
    this.values = chart.contents.values;
    this.dependencies = dependencies;
  }

  /** The tree of a chart as it was loaded. */
  static of(chart: Chart): ChartNode {
    const dependencies = chart.contents.metadata.dependencies?.map((one) => ({ ...one, enabled: false }));
    const node = new ChartNode(chart, chart.name, dependencies);
    node.charts = chart.contents.charts.map((sub) => ChartNode.of(sub));
    return node;
  }

  get charts(): readonly ChartNode[] {
    return this.#charts;
  }

  set charts(charts: readonly ChartNode[]) {
    this.#charts = [...charts];
    for (const chart of charts) chart.parent = this;
  }

  /** The same chart for another dependency. The charts in it are copied too, since each has one parent only; theirs are not. */
  copyAs(name: string): ChartNode {
    const copy = new ChartNode(
      this.chart,
      name,
      this.dependencies?.map((one) => ({ ...one })),
    );
    copy.values = this.values;
    copy.charts = this.charts.map((inner) => inner.shallowCopy());
    return copy;
  }

  private shallowCopy(): ChartNode {
    const copy = new ChartNode(this.chart, this.name, this.dependencies);
    copy.values = this.values;
    // Not through the setter: what is in it keeps the parent that it has, as in Helm.
    copy.#charts = this.#charts;
    return copy;
  }

  /** It and all charts in it, from the outermost to the innermost. */
  *all(): Generator<ChartNode> {
    yield this;
    for (const chart of this.#charts) yield* chart.all();
  }

  /** Where its files are, as templates and `# Source:` name it. */
  get path(): string {
    return this.parent === undefined ? this.name : `${this.parent.path}/charts/${this.name}`;
  }
}
