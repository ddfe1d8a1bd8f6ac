import { isDeepStrictEqual } from "node:util";
import type { GitRepository } from "../apis/index.ts";
import type { Client } from "../client/index.ts";
import type { Result } from "../controller-runtime/index.ts";
import type { PushEvent, Repositories, Sources } from "../git/index.ts";
import { errorText } from "../lib/index.ts";
import { markObserved } from "./mark-observed.ts";
import { type ContentFile, readDirectory } from "./read-directory.ts";
import { remoteContent } from "./remote-content.ts";
import { fieldManager, gitRepositories } from "./resources.ts";

/** Who idpbuilder's commits are by. */
const author = { name: "git-reconciler", email: "idpbuilder-agent@cnoe.io" };
const branch = "main";
/** How often a branch or tag elsewhere is looked at again; Argo CD's default for repositories. */
const remoteRecheckMs = 180_000;
const remoteReadMs = 120_000;

export type GitRepositoryOptions = { client: Client; repositories: Repositories; sources: Sources };

/** Makes a repository on the platform's Git server equal to its source, and says where it is. */
export async function reconcileGitRepository(item: GitRepository, options: GitRepositoryOptions): Promise<Result> {
  const { provider, source } = item.spec;
  const name = `${item.metadata.namespace}-${item.metadata.name}`;
  const owner = provider.organizationName;
  const url = `${provider.internalGitURL.replace(/\/$/, "")}/${owner}/${name}.git`;
  const located = {
    externalGitRepositoryUrl: `${provider.gitURL.replace(/\/$/, "")}/${owner}/${name}.git`,
    internalGitRepositoryUrl: url,
  };
  try {
    if (provider.name !== "gitea")
      throw new Error(
        `provider ${provider.name} is not available here; the platform's own Git server is provider gitea`,
      );
    const files = await contentOf(item, options.sources);
    if (options.repositories.get(owner, name) === undefined) {
      await options.repositories.create({
        owner,
        name,
        description: `Content of ${source.path ?? source.remoteRepository?.url ?? ""}`,
        defaultBranch: branch,
      });
    }
    const message = `updated from ${source.path ?? source.remoteRepository?.url ?? ""}`;
    const { commit } = await options.repositories.writeTree({ owner, name, branch, files, message, author });
    await report(
      item,
      { commit: { hash: commit }, ...located, path: source.path ?? source.remoteRepository?.path ?? "", synced: true },
      options.client,
    );
    return source.type === "remote" ? { state: "again", afterMs: remoteRecheckMs } : { state: "done" };
  } catch (error) {
    await report(item, { ...item.status, synced: false, message: errorText(error) }, options.client);
    return { state: "retry", reason: errorText(error) };
  }
}

/** Whether a push to this repository moved the branch that applications follow. */
export function concernsPush({ metadata, spec }: GitRepository, { owner, name, refs }: PushEvent): boolean {
  const [ownerHere, nameHere] = [spec.provider.organizationName, `${metadata.namespace}-${metadata.name}`];
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  return same(owner, ownerHere) && same(name, nameHere) && refs.some(({ ref }) => ref === `refs/heads/${branch}`);
}

/** Takes note of what others have pushed: the status names the newest commit, whoever made it. */
export async function followPush(
  item: GitRepository,
  { client, repositories }: Pick<GitRepositoryOptions, "client" | "repositories">,
): Promise<Result> {
  const { metadata, spec, status } = item;
  const repository = repositories.get(spec.provider.organizationName, `${metadata.namespace}-${metadata.name}`);
  const head = repository && (await repositories.refs(repository)).get(`refs/heads/${branch}`);
  if (head === undefined || status?.synced !== true) return { state: "done" };
  await writeStatus(item, { ...status, commit: { hash: head } }, client);
  return { state: "done" };
}

async function contentOf(item: GitRepository, sources: Sources): Promise<ReadonlyMap<string, ContentFile>> {
  const { source } = item.spec;
  if (source.type === "local" && source.path !== undefined) return await readDirectory(source.path);
  const remote = source.remoteRepository;
  if (source.type !== "remote" || remote === undefined)
    throw new Error(`source of type ${source.type} names nothing to copy`);
  return await remoteContent(remote, sources, AbortSignal.timeout(remoteReadMs));
}

async function report(item: GitRepository, status: GitRepository["status"], client: Client): Promise<void> {
  await writeStatus(item, status, client);
  await markObserved(gitRepositories, item, client);
}

async function writeStatus(item: GitRepository, status: GitRepository["status"], client: Client): Promise<void> {
  if (isDeepStrictEqual(item.status, status)) return;
  const { name = "", namespace = "" } = item.metadata;
  const patch = { status: { ...status, message: status?.message ?? null } };
  await client.patch(gitRepositories, { name, namespace }, "merge", patch, { fieldManager, subresource: "status" });
}
