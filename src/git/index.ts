// Git: bare repositories on disk, served to git clients, to programs that know Gitea, and to people; and any repository read by URL.
// It promises that every change of a reference is told at once, and that a crash leaves whole repositories.
// It leaves to others the listener and TLS, what a push means, and manifests in repositories.
export { type AccessToken, type Account, type Accounts, type Organization, openAccounts } from "./accounts.ts";
export { createGitHandler } from "./handler.ts";
export { repositoryKey } from "./names.ts";
export {
  type NewRepository,
  openRepositories,
  type PushEvent,
  type Repositories,
  type Repository,
  type RepositoryChanges,
} from "./repositories.ts";
export { openSources, type Sources, type Submodule } from "./sources.ts";
export type { TreeEntry, TreeFile } from "./trees.ts";
export { startWebhooks, type Webhooks } from "./webhooks.ts";
