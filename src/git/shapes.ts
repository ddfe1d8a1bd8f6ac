import type { AccessToken, Account, Accounts, Organization } from "./accounts.ts";
import type { Branch, Commit, FileStatus, Signature, Tag } from "./history.ts";
import type { Repositories, Repository } from "./repositories.ts";
import type { Hook } from "./repository-file.ts";

/** JSON with the field names of Gitea's API (`modules/structs` in its sources), those of what is here. */
export type Shape = Readonly<Record<string, unknown>>;
export type Permissions = { admin: boolean; push: boolean; pull: boolean };

/** What Go makes of a time that was never set. */
const never = "0001-01-01T00:00:00Z";

/** @param options.account absent for the name of an organisation, or of somebody who is gone */
export function userShape(options: {
  baseUrl: string;
  login: string;
  account?: Account | undefined;
  organization?: Organization | undefined;
  showEmail?: boolean;
}): Shape {
  const { baseUrl, account, organization } = options;
  const login = account?.login ?? organization?.name ?? options.login;
  return {
    id: account?.id ?? organization?.id ?? 0,
    login,
    login_name: "",
    source_id: 0,
    full_name: account?.fullName ?? organization?.fullName ?? "",
    email:
      options.showEmail === true && account !== undefined ? account.email : `${login.toLowerCase()}@noreply.localhost`,
    avatar_url: "",
    html_url: `${baseUrl}/${login}`,
    language: "",
    is_admin: account?.isAdmin ?? false,
    last_login: never,
    created: account?.createdAt ?? organization?.createdAt ?? never,
    restricted: false,
    active: account?.active ?? false,
    prohibit_login: account !== undefined && !account.active,
    location: account?.location ?? organization?.location ?? "",
    website: account?.website ?? organization?.website ?? "",
    description: account?.description ?? organization?.description ?? "",
    visibility: organization?.visibility ?? "public",
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: login,
  };
}

export function organizationShape(organization: Organization): Shape {
  return {
    id: organization.id,
    name: organization.name,
    full_name: organization.fullName,
    email: "",
    avatar_url: "",
    description: organization.description,
    website: organization.website,
    location: organization.location,
    visibility: organization.visibility,
    repo_admin_change_team_access: false,
    username: organization.name,
  };
}

/** The one team that every organisation has. */
export function ownersTeamShape(organization: Organization): Shape {
  return {
    id: organization.id,
    name: "Owners",
    description: "",
    organization: organizationShape(organization),
    includes_all_repositories: true,
    permission: "owner",
    units: ["repo.code"],
    units_map: { "repo.code": "owner" },
    can_create_org_repo: true,
  };
}

export function tokenShape(token: AccessToken, secret: string): Shape {
  return {
    id: token.id,
    name: token.name,
    sha1: secret,
    token_last_eight: token.lastEight,
    scopes: token.scopes,
    created_at: token.createdAt,
  };
}

export async function repositoryShape(
  services: { repositories: Repositories; accounts: Accounts; baseUrl: string },
  repository: Repository,
  permissions: Permissions,
): Promise<Shape> {
  const { repositories, accounts, baseUrl } = services;
  const { owner, name } = repository;
  const url = `${baseUrl}/${owner}/${name}`;
  const head = await repositories.reader(repository).info("HEAD^{commit}");
  return {
    id: repository.id,
    owner: userShape({
      baseUrl,
      login: owner,
      account: accounts.user(owner),
      organization: accounts.organization(owner),
    }),
    name,
    full_name: `${owner}/${name}`,
    description: repository.description,
    empty: head === undefined,
    private: repository.private,
    fork: false,
    template: false,
    mirror: false,
    size: Math.ceil((await repositories.sizeBytes(repository)) / 1024),
    language: "",
    languages_url: `${baseUrl}/api/v1/repos/${owner}/${name}/languages`,
    html_url: url,
    url: `${baseUrl}/api/v1/repos/${owner}/${name}`,
    link: "",
    ssh_url: "",
    clone_url: `${url}.git`,
    original_url: "",
    website: repository.website,
    stars_count: 0,
    forks_count: 0,
    watchers_count: 0,
    open_issues_count: 0,
    open_pr_counter: 0,
    release_counter: 0,
    default_branch: repository.defaultBranch,
    archived: repository.archived,
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    archived_at: never,
    permissions,
    has_issues: false,
    has_wiki: false,
    has_pull_requests: false,
    has_projects: false,
    has_releases: false,
    has_packages: false,
    has_actions: false,
    ignore_whitespace_conflicts: false,
    allow_merge_commits: false,
    allow_rebase: false,
    allow_rebase_explicit: false,
    allow_squash_merge: false,
    avatar_url: "",
    internal: false,
    mirror_interval: "",
    object_format_name: "sha1",
    mirror_updated: never,
    topics: repository.topics,
    licenses: [],
  };
}

type Place = { baseUrl: string; repository: Repository };

const verification = (commit: Commit): Shape => ({
  verified: false,
  reason: commit.signature === "" ? "gpg.error.not_signed_commit" : "gpg.error.no_gpg_keys_found",
  signature: commit.signature,
  signer: null,
  payload: "",
});

export function commitMeta({ baseUrl, repository }: Place, oid: string, created = never): Shape {
  return {
    url: `${baseUrl}/api/v1/repos/${repository.owner}/${repository.name}/git/commits/${oid}`,
    sha: oid,
    created,
  };
}

function identityShape({ name, email, date }: Signature): Shape {
  return { name, email, date };
}

/** A commit as lists and the Git API give it. */
export function commitShape(options: Place & { commit: Commit; files: readonly FileStatus[] }): Shape {
  const { commit, files, baseUrl, repository } = options;
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const additions = sum(files.map((file) => file.additions));
  const deletions = sum(files.map((file) => file.deletions));
  const meta = commitMeta(options, commit.oid, commit.committer.date);
  return {
    ...meta,
    html_url: `${baseUrl}/${repository.owner}/${repository.name}/commit/${commit.oid}`,
    commit: {
      url: meta["url"],
      author: identityShape(commit.author),
      committer: identityShape(commit.committer),
      message: commit.message,
      tree: treeMeta(options, commit),
      verification: verification(commit),
    },
    author: null,
    committer: null,
    parents: commit.parents.map((parent) => commitMeta(options, parent)),
    files: files.map(({ path, status }) => ({ filename: path, status })),
    stats: { total: additions + deletions, additions, deletions },
  };
}

function treeMeta({ baseUrl, repository }: Place, commit: Commit): Shape {
  const url = `${baseUrl}/api/v1/repos/${repository.owner}/${repository.name}/git/trees/${commit.tree}`;
  return { url, sha: commit.tree, created: commit.committer.date };
}

/** A commit as an answer to a change of files. */
export function fileCommitShape(options: Place & { commit: Commit }): Shape {
  const { commit, baseUrl, repository } = options;
  return {
    ...commitMeta(options, commit.oid, commit.committer.date),
    html_url: `${baseUrl}/${repository.owner}/${repository.name}/commit/${commit.oid}`,
    author: identityShape(commit.author),
    committer: identityShape(commit.committer),
    parents: commit.parents.map((parent) => commitMeta(options, parent)),
    message: commit.message,
    tree: treeMeta(options, commit),
  };
}

export function verificationShape(commit: Commit): Shape {
  return verification(commit);
}

/** A commit as webhooks and branches give it. */
export function payloadCommit(options: Place & { commit: Commit; files: readonly FileStatus[] | undefined }): Shape {
  const { commit, files, baseUrl, repository } = options;
  const person = ({ name, email }: Signature): Shape => ({ name, email, username: "" });
  const paths = (status: FileStatus["status"]) =>
    files?.filter((file) => file.status === status).map(({ path }) => path) ?? null;
  return {
    id: commit.oid,
    message: commit.message,
    url: `${baseUrl}/${repository.owner}/${repository.name}/commit/${commit.oid}`,
    author: person(commit.author),
    committer: person(commit.committer),
    verification: verification(commit),
    timestamp: commit.committer.date,
    added: paths("added"),
    removed: paths("removed"),
    modified: paths("modified"),
  };
}

export function branchShape(options: Place & { branch: Branch; commit: Commit; mayPush: boolean }): Shape {
  return {
    name: options.branch.name,
    commit: payloadCommit({ ...options, files: undefined }),
    protected: false,
    required_approvals: 0,
    enable_status_check: false,
    status_check_contexts: [],
    user_can_push: options.mayPush,
    user_can_merge: options.mayPush,
    effective_branch_protection_name: "",
  };
}

export function tagShape(options: Place & { tag: Tag }): Shape {
  const { tag, baseUrl, repository } = options;
  const archive = `${baseUrl}/${repository.owner}/${repository.name}/archive/${tag.name}`;
  return {
    name: tag.name,
    message: tag.message,
    id: tag.oid,
    commit: commitMeta(options, tag.commit),
    zipball_url: `${archive}.zip`,
    tarball_url: `${archive}.tar.gz`,
    archive_download_count: { zip: 0, tar_gz: 0 },
  };
}

export function hookShape(hook: Hook): Shape {
  return {
    id: hook.id,
    type: hook.type,
    branch_filter: hook.branchFilter,
    // Never the secret.
    config: { content_type: hook.contentType, url: hook.url },
    events: hook.events,
    authorization_header: hook.authorizationHeader,
    active: hook.active,
    updated_at: hook.updatedAt,
    created_at: hook.createdAt,
  };
}
