// Applications, ApplicationSets and AppProjects, as Argo CD understands them: sources compared with the cluster, and synced.
// It promises Argo CD's statuses, messages and sync order, and that pushes, drift and edits are acted on at once.
// It leaves to others where repositories live, how charts and kustomizations are rendered, and what runs in the cluster.
export type { Push } from "./application/affected-by-push.ts";
export { compileIgnoreDifferences, type IgnoredPaths, withoutPaths } from "./compare/ignore-differences.ts";
export { type ClusterVersions, clusterVersions } from "./live/kinds.ts";
export { roleOf } from "./object/sync-annotations.ts";
export type { GitSources } from "./source/file-tree.ts";
export { createInlineRenderer } from "./source/inline-renderer.ts";
export type { RenderOverrides } from "./source/render-context.ts";
export { type RenderOnceOptions, renderApplication } from "./source/render-once.ts";
export { readRepositorySecrets } from "./source/repository-secrets.ts";
export { readKustomizeBuildOptions } from "./source/settings.ts";
export type { LoadedSource } from "./source/source-loader.ts";
export { type GitOpsOptions, startGitOps } from "./start-gitops.ts";
export { normalizeTargets } from "./target/normalize-targets.ts";
