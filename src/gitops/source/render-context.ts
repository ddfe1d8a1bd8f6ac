import type { HelmValues, IsolatedHelmOptions } from "../../render/index.ts";
import type { ClusterVersions } from "../live/kinds.ts";
import type { BuildEnvironment } from "./build-environment.ts";
import type { FileTree } from "./file-tree.ts";
import type { Place } from "./reads.ts";
import type { SourceServices } from "./services.ts";
import type { SourceFiles } from "./source-files.ts";

/** The application that a source belongs to, as far as what is rendered can depend on it. */
export type SourceApplication = {
  name: string;
  /** Namespace of the destination; may be empty. */
  namespace: string;
  project: string;
  /** Whether the project lets its applications use a repository; all may be used when absent. */
  permits?: (repoURL: string) => boolean;
};

/** Options of a chart that count more than those of the source. */
export type RenderOverrides = {
  releaseName?: string;
  values?: HelmValues;
  kubeVersion?: string;
  apiVersions?: readonly string[];
  includeCrds?: boolean;
  skipTests?: boolean;
  skipSchemaValidation?: boolean;
  seed?: string;
  lookup?: IsolatedHelmOptions["lookup"];
  /** What errors of kustomize call the root of the repository. */
  rootName?: string | undefined;
  /** The order of what a kustomization gives. */
  reorder?: "legacy" | "none";
};

/** Everything that one source is rendered with. What is looked at through it is written down. */
export type RenderContext = {
  app: SourceApplication;
  /** Where the source is; its path is a directory. */
  place: Place;
  files: SourceFiles;
  environment: BuildEnvironment;
  services: SourceServices;
  overrides: RenderOverrides;
  /** What the cluster can do; from now on the render depends on it. */
  cluster: () => Promise<ClusterVersions>;
  /** Flags for `kustomize build`; from now on the render depends on them. */
  kustomizeBuildOptions: () => Promise<string>;
  /** Something was fetched from outside of all repositories: from now on the render holds for some time only. */
  onOutside: (what: string) => void;
  /** The files of another repository at what a revision means now, which the render depends on from now on. */
  repository: (repoURL: string, revision: string) => Promise<FileTree>;
  /** Somebody wants the newest, whatever it costs. */
  refresh: boolean;
  signal: AbortSignal;
};
