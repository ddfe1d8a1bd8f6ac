import type { ChartStore, KnownRepositories } from "../../charts/index.ts";
import type { Renderer } from "../../render/index.ts";
import type { ClusterVersions } from "../live/kinds.ts";
import type { UrlAnswer } from "./fetch-url.ts";
import type { GitSources } from "./file-tree.ts";
import type { RenderCache } from "./render-cache.ts";

/** What sources need of the world. */
export type SourceServices = {
  git: GitSources;
  charts: Pick<ChartStore, "resolve" | "fetch" | "buildDependencies" | "artifact">;
  renderer: Pick<Renderer, "helm" | "kustomize">;
  renders: RenderCache;
  /** What charts are told about the cluster that they go to. */
  cluster: () => Promise<ClusterVersions>;
  /** Those that the applications of a project may use. */
  repositories: (project: string) => Promise<KnownRepositories>;
  /** Flags for `kustomize build`, as in `--enable-helm`. */
  kustomizeBuildOptions: () => Promise<string>;
  /** For value files and resources given by URL. */
  fetchUrl: (url: string, signal: AbortSignal) => Promise<UrlAnswer>;
  /** What stable random values are made from; without it there are none. */
  randomSecret?: Uint8Array | undefined;
  now: () => Date;
};
