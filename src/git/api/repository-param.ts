import { mayRead, mayWrite, ownsFor, tokenAllows } from "../authenticate.ts";
import { resolveCommit } from "../history.ts";
import type { Repository } from "../repositories.ts";
import type { Permissions } from "../shapes.ts";
import { ApiError, type Call, notFound, type Services } from "./route.ts";

/**
 * The repository in the path, if the caller may do what is wanted with it.
 *
 * @throws {ApiError} 404 when it is absent or the caller may not know of it, 403 when it may only be read, 423 when it is archived
 */
export function repositoryParam(
  { repositories, accounts }: Services,
  call: Call,
  level: "read" | "write" | "admin",
): Repository {
  const repository = repositories.get(call.params["owner"] ?? "", call.params["repo"] ?? "");
  if (repository === undefined || !mayRead(accounts, call.identity, repository)) throw notFound();
  if (level === "read") return repository;
  if (call.identity === undefined) throw new ApiError(401, "token is required");
  if (!mayWrite(accounts, call.identity, repository)) {
    throw new ApiError(
      403,
      level === "admin"
        ? "user should be an owner or a collaborator with admin write of a repository"
        : "user should have a permission to write to a repo",
    );
  }
  if (level === "write" && repository.archived)
    throw new ApiError(423, `${repository.owner}/${repository.name} is archived`);
  return repository;
}

export function permissionsOf({ accounts }: Services, call: Call, repository: Repository): Permissions {
  const owns = ownsFor(accounts, call.identity, repository.owner);
  return {
    admin: owns,
    push: owns && tokenAllows(call.identity, "write", "repository"),
    pull: mayRead(accounts, call.identity, repository),
  };
}

/** The commit that `ref` in the query means, or the end of the default branch. @throws {ApiError} 404 */
export async function refParam({ repositories }: Services, repository: Repository, revision: string): Promise<string> {
  const commit = await resolveCommit(repositories, repository, revision);
  if (commit === undefined) {
    throw notFound(
      revision === "" ? "Git Repository is empty." : `object does not exist [id: ${revision}, rel_path: ]`,
    );
  }
  return commit;
}
