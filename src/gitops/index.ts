// Applications, ApplicationSets and AppProjects, as Argo CD understands them: sources compared with the cluster, and synced.
// It promises Argo CD's statuses, messages and sync order, and that pushes, drift and edits are acted on at once.
// It leaves to others where repositories live, how charts and kustomizations are rendered, and what runs in the cluster.
export type { Push } from "./application/affected-by-push.ts";
export type { GitSources } from "./application/load-desired.ts";
export { type GitOpsOptions, startGitOps } from "./start-gitops.ts";
