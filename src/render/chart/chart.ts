import { ChartFiles } from "../template/chart-files.ts";
import { fromBytes } from "../template/go-text.ts";
import type { GoMap } from "../template/values.ts";
import type { ChartFile } from "./archive.ts";
import { ChartMemory } from "./chart-memory.ts";
import type { ChartDependency, ChartMetadata } from "./metadata.ts";
import { metaSchemaAt } from "./schema/drafts.ts";

/** What was loaded, checked. */
export type ChartContents = {
  readonly metadata: ChartMetadata;
  readonly lock: readonly ChartDependency[] | undefined;
  readonly values: GoMap | undefined;
  /** values.yaml as it stands, with its comments. */
  readonly valuesFile: Uint8Array | undefined;
  readonly schema: Uint8Array | undefined;
  /** Below `templates/`. */
  readonly templates: readonly ChartFile[];
  /** What is neither a template nor one of the files with a meaning of its own. */
  readonly files: readonly ChartFile[];
  /** The charts in `charts/`. */
  readonly charts: readonly Chart[];
  /** What Helm logs about it. */
  readonly warnings: readonly string[];
};

/** A chart with the charts it depends on. Nothing of it changes; what renders find out is remembered with it. */
export class Chart {
  readonly contents: ChartContents;
  readonly memory = new ChartMemory();
  /** `.Files` */
  readonly filesObject: ChartFiles;
  #crds: readonly { readonly path: string; readonly text: string }[] | undefined;

  constructor(contents: ChartContents) {
    this.contents = contents;
    this.filesObject = new ChartFiles(new Map(contents.files.map(({ path, bytes }) => [path, bytes])));
  }

  get name(): string {
    return this.contents.metadata.name;
  }

  get version(): string {
    return this.contents.metadata.version;
  }

  get appVersion(): string {
    return this.contents.metadata.appVersion;
  }

  /** `application`, `library` or empty. */
  get type(): string {
    return this.contents.metadata.type;
  }

  get deprecated(): boolean {
    return this.contents.metadata.deprecated;
  }

  /** The versions of Kubernetes that it works with, as a constraint. */
  get kubeVersion(): string {
    return this.contents.metadata.kubeVersion;
  }

  /** What Chart.yaml, or requirements.yaml, lists. */
  get dependencies(): readonly ChartDependency[] {
    return this.contents.metadata.dependencies ?? [];
  }

  /** What Chart.lock, or requirements.lock, lists; `undefined` when there is none. */
  get lock(): readonly ChartDependency[] | undefined {
    return this.contents.lock;
  }

  /** The dependencies of which there is no chart of that name in `charts/`. A chart with such cannot be rendered. */
  get missingDependencies(): ChartDependency[] {
    const present = new Set(this.contents.charts.map(({ name }) => name));
    return this.dependencies.filter(({ name }) => !present.has(name));
  }

  /**
   * The schemas in the network that its own schemas, and those of the charts in it, refer to, without a fragment: renders need
   * them as `remoteSchemas`. What they refer to in turn is not among them.
   */
  get schemaUrls(): string[] {
    const text = this.contents.schema === undefined ? "" : fromBytes(this.contents.schema);
    const own = [...text.matchAll(/"\$(?:ref|schema)"\s*:\s*"(https?:[^"#]*)/g)].map(([, url = ""]) => url);
    const inner = this.contents.charts.flatMap(({ schemaUrls }) => schemaUrls);
    return [...new Set([...own, ...inner])].filter((url) => metaSchemaAt(url) === undefined);
  }

  /** The manifests in `crds/`. */
  get crds(): readonly { readonly path: string; readonly text: string }[] {
    this.#crds ??= this.contents.files
      .filter(({ path }) => path.startsWith("crds/") && /\.(?:ya?ml|json)$/i.test(path))
      .map(({ path, bytes }) => ({ path, text: fromBytes(bytes) }));
    return this.#crds;
  }
}
