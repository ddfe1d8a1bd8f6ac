import { changedFiles, listBranches, listCommits, listTags, readCommit } from "../history.ts";
import { textOf } from "../json.ts";
import { isObjectId, isShortRefName } from "../names.ts";
import type { Repository } from "../repositories.ts";
import { branchShape, commitShape, tagShape } from "../shapes.ts";
import { parseArchiveName, streamArchive } from "../stream.ts";
import { modes, type TreeFile } from "../trees.ts";
import { permissionsOf, refParam, repositoryParam } from "./repository-param.ts";
import {
  ApiError,
  type Call,
  caller,
  json,
  noContent,
  notFound,
  pageHeaders,
  pageOf,
  type Route,
  type Services,
} from "./route.ts";

/** Gitea's `DEFAULT_GIT_TREES_PER_PAGE` and `DEFAULT_MAX_BLOB_SIZE`. */
const treeEntriesPerPage = 1000;
const blobBytesMax = 10 * 2 ** 20;

/** Commits, trees, blobs, references, branches, tags and archives. */
export function gitDataRoutes(services: Services): Route[] {
  const { repositories, baseUrl } = services;
  const scope = "repository";
  const base = "/repos/{owner}/{repo}";
  const readable = (call: Call) => repositoryParam(services, call, "read");
  const apiOf = ({ owner, name }: Repository) => `${baseUrl}/api/v1/repos/${owner}/${name}`;
  const flag = (call: Call, name: string) => call.query.get(name) !== "false";

  const commits = async (call: Call) => {
    const repository = readable(call);
    const commit = await refParam(services, repository, call.query.get("sha") ?? "");
    const not = call.query.get("not") ?? "";
    const path = call.query.get("path") ?? "";
    const { page, limit, skip } = pageOf(call);
    const options = {
      commit,
      path,
      skip,
      limit,
      ...(not === "" ? {} : { not: await refParam(services, repository, not) }),
    };
    const found = await listCommits(repositories, repository, options);
    const wanted = flag(call, "files") || flag(call, "stat") ? found.commits.map(({ oid }) => oid) : [];
    const files = await changedFiles(repositories, repository, wanted);
    const shapes = found.commits.map((one) =>
      commitShape({ baseUrl, repository, commit: one, files: files.get(one.oid) ?? [] }),
    );
    const pages = Math.ceil(found.total / limit);
    const extra = {
      "x-page": String(page),
      "x-perpage": String(limit),
      "x-total": String(found.total),
      "x-pagecount": String(pages),
      "x-hasmore": String(page < pages),
    };
    return json(200, shapes, { ...pageHeaders(call, { total: found.total, page, limit, baseUrl }), ...extra });
  };

  const oneCommit = async (call: Call) => {
    const repository = readable(call);
    const [, revision = "", format] = /^(.*?)(?:\.(diff|patch))?$/.exec(call.params["sha"] ?? "") ?? [];
    const oid = await refParam(services, repository, revision);
    if (format !== undefined) {
      const args = format === "diff" ? ["show", "--format=", "--patch", oid] : ["format-patch", "--stdout", "-1", oid];
      return {
        status: 200,
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: await repositories.run(repository, args),
      };
    }
    const commit = await readCommit(repositories, repository, oid);
    if (commit === undefined) throw notFound();
    const files = await changedFiles(repositories, repository, [oid]);
    return json(200, commitShape({ baseUrl, repository, commit, files: files.get(oid) ?? [] }));
  };

  const tree = async (call: Call) => {
    const repository = readable(call);
    const reader = repositories.reader(repository);
    const wanted = call.params["sha"] ?? "";
    const found = isObjectId(wanted)
      ? await reader.info(`${wanted}^{tree}`)
      : await reader.info(`${await refParam(services, repository, wanted)}^{tree}`);
    if (found === undefined) throw notFound(`object does not exist [id: ${wanted}, rel_path: ]`);
    const recursive = ["1", "true"].includes(call.query.get("recursive") ?? "");
    const all = await treeEntries(repository, found.oid, recursive ? "" : undefined);
    const perPage = Math.max(1, Math.min(Number(call.query.get("per_page")) || treeEntriesPerPage, treeEntriesPerPage));
    const page = Math.max(1, Number(call.query.get("page")) || 1);
    const entries = all.slice((page - 1) * perPage, page * perPage).map(async ({ path, mode, oid }) => {
      const type = mode === modes.directory ? "tree" : mode === modes.submodule ? "commit" : "blob";
      const size = type === "blob" ? ((await reader.info(oid))?.sizeBytes ?? 0) : 0;
      return {
        path,
        mode: mode.padStart(6, "0"),
        type,
        size,
        sha: oid,
        url: type === "commit" ? "" : `${apiOf(repository)}/git/${type}s/${oid}`,
      };
    });
    const url = `${apiOf(repository)}/git/trees/${found.oid}`;
    return json(200, {
      sha: found.oid,
      url,
      tree: await Promise.all(entries),
      truncated: page * perPage < all.length,
      page,
      total_count: all.length,
    });
  };

  const treeEntries = async (
    repository: Repository,
    oid: string,
    prefix: string | undefined,
  ): Promise<Omit<TreeFile, "sizeBytes">[]> => {
    const entries = await repositories.trees.entries(repositories.reader(repository), oid);
    const nested = entries.map(async (entry) => {
      const self = { path: (prefix ?? "") + entry.name, mode: entry.mode, oid: entry.oid };
      if (prefix === undefined || entry.mode !== modes.directory) return [self];
      return [self, ...(await treeEntries(repository, entry.oid, `${self.path}/`))];
    });
    return (await Promise.all(nested)).flat();
  };

  const blob = async (call: Call) => {
    const repository = readable(call);
    const sha = call.params["sha"] ?? "";
    const reader = repositories.reader(repository);
    const info = isObjectId(sha) ? await reader.info(sha) : undefined;
    if (info?.type !== "blob") throw notFound(`object does not exist [id: ${sha}, rel_path: ]`);
    if (info.sizeBytes > blobBytesMax) throw new ApiError(413, `The blob has ${info.sizeBytes} bytes; read it raw`);
    const object = await reader.read(sha);
    return json(200, {
      content: object?.bytes.toString("base64") ?? "",
      encoding: "base64",
      url: `${apiOf(repository)}/git/blobs/${sha}`,
      sha,
      size: info.sizeBytes,
    });
  };

  const refs = async (call: Call) => {
    const repository = readable(call);
    const filter =
      call.params["ref"] === undefined || call.params["ref"] === "" ? "refs/" : `refs/${call.params["ref"]}`;
    const found = [...(await repositories.refs(repository))].filter(([ref]) => ref.startsWith(filter));
    if (found.length === 0) throw notFound();
    const shapes = found.map(async ([ref, sha]) => {
      const type = (await repositories.reader(repository).info(sha))?.type ?? "commit";
      return {
        ref,
        url: `${apiOf(repository)}/git/${ref}`,
        object: { type, sha, url: `${apiOf(repository)}/git/${type}s/${sha}` },
      };
    });
    const all = await Promise.all(shapes);
    return json(200, all.length === 1 && all[0]?.ref === filter ? all[0] : all);
  };

  const shapeBranch = async (call: Call, repository: Repository, branch: { name: string; commit: string }) => {
    const commit = await readCommit(repositories, repository, branch.commit);
    if (commit === undefined) throw notFound();
    return branchShape({
      baseUrl,
      repository,
      branch,
      commit,
      mayPush: permissionsOf(services, call, repository).push,
    });
  };
  const findBranch = async (repository: Repository, name: string) => {
    const found = isShortRefName(name)
      ? await repositories.reader(repository).info(`refs/heads/${name}^{commit}`)
      : undefined;
    return found === undefined ? undefined : { name, commit: found.oid };
  };
  const branches = async (call: Call) => {
    const repository = readable(call);
    const all = await listBranches(repositories, repository);
    const { page, limit, skip } = pageOf(call);
    const shapes = await Promise.all(
      all.slice(skip, skip + limit).map((branch) => shapeBranch(call, repository, branch)),
    );
    return json(200, shapes, pageHeaders(call, { total: all.length, page, limit, baseUrl }));
  };
  const createBranch = async (call: Call) => {
    const repository = repositoryParam(services, call, "write");
    const body = await call.body();
    const name = textOf(body["new_branch_name"]);
    if (!isShortRefName(name)) throw new ApiError(422, "[BranchName]: GitRefName");
    if ((await findBranch(repository, name)) !== undefined) throw new ApiError(409, "The branch already exists.");
    const from = textOf(body["old_ref_name"]) || textOf(body["old_branch_name"]) || repository.defaultBranch;
    const commit = await refParam(services, repository, from).catch(() => {
      throw notFound("The old branch does not exist");
    });
    await repositories.setRef({
      ...repository,
      ref: `refs/heads/${name}`,
      before: undefined,
      after: commit,
      pusher: caller(call).account.login,
    });
    return json(201, await shapeBranch(call, repository, { name, commit }));
  };
  const deleteBranch = async (call: Call) => {
    const repository = repositoryParam(services, call, "write");
    const branch = await findBranch(repository, call.params["branch"] ?? "");
    if (branch === undefined) throw notFound();
    if (branch.name === repository.defaultBranch) throw new ApiError(403, "can not delete default branch");
    await repositories.setRef({
      ...repository,
      ref: `refs/heads/${branch.name}`,
      before: branch.commit,
      after: undefined,
      pusher: caller(call).account.login,
    });
    return noContent;
  };

  const findTag = async (repository: Repository, name: string) => {
    const tag = (await listTags(repositories, repository)).find((candidate) => candidate.name === name);
    if (tag === undefined) throw notFound();
    return tag;
  };
  const createTag = async (call: Call) => {
    const repository = repositoryParam(services, call, "write");
    const body = await call.body();
    const name = textOf(body["tag_name"]);
    if (!isShortRefName(name)) throw new ApiError(422, "[TagName]: GitRefName");
    const commit = await refParam(services, repository, textOf(body["target"])).catch(() => {
      throw notFound("target not found");
    });
    if ((await repositories.reader(repository).info(`refs/tags/${name}`)) !== undefined)
      throw new ApiError(409, "tag exist");
    const { account } = caller(call);
    const message = textOf(body["message"]);
    const oid =
      message === ""
        ? commit
        : await writeTag(repository, {
            name,
            commit,
            message,
            tagger: { name: account.fullName || account.login, email: account.email },
          });
    await repositories.setRef({
      ...repository,
      ref: `refs/tags/${name}`,
      before: undefined,
      after: oid,
      pusher: account.login,
    });
    return json(201, tagShape({ baseUrl, repository, tag: await findTag(repository, name) }));
  };
  const writeTag = async (
    repository: Repository,
    tag: { name: string; commit: string; message: string; tagger: { name: string; email: string } },
  ) => {
    const clean = (text: string) => text.replace(/[<>\x00-\x1f]/g, " ").trim();
    const seconds = Math.floor(services.now().getTime() / 1000);
    const head = `object ${tag.commit}\ntype commit\ntag ${tag.name}\ntagger ${clean(tag.tagger.name)} <${clean(tag.tagger.email)}> ${seconds} +0000\n`;
    return (await repositories.run(repository, ["mktag"], { input: `${head}\n${tag.message.trimEnd()}\n` }))
      .toString()
      .trim();
  };
  const deleteTag = async (call: Call) => {
    const repository = repositoryParam(services, call, "write");
    const tag = await findTag(repository, call.params["tag"] ?? "");
    await repositories.setRef({
      ...repository,
      ref: `refs/tags/${tag.name}`,
      before: tag.oid,
      after: undefined,
      pusher: caller(call).account.login,
    });
    return noContent;
  };
  const tags = async (call: Call) => {
    const repository = readable(call);
    const all = await listTags(repositories, repository);
    const { page, limit, skip } = pageOf(call);
    const shapes = all.slice(skip, skip + limit).map((tag) => tagShape({ baseUrl, repository, tag }));
    return json(200, shapes, pageHeaders(call, { total: all.length, page, limit, baseUrl }));
  };

  return [
    { method: "GET", path: `${base}/commits`, summary: "History of sha, of a path, newest first", scope, run: commits },
    {
      method: "GET",
      path: `${base}/git/commits/{sha...}`,
      summary: "A commit; with .diff or .patch at the end as such",
      scope,
      run: oneCommit,
    },
    {
      method: "GET",
      path: `${base}/git/trees/{sha...}`,
      summary: "A tree, with recursive=true all below it",
      scope,
      run: tree,
    },
    { method: "GET", path: `${base}/git/blobs/{sha}`, summary: "A blob in base64", scope, run: blob },
    { method: "GET", path: `${base}/git/refs/{ref...}`, summary: "References whose name begins so", scope, run: refs },
    { method: "GET", path: `${base}/branches`, summary: "Branches", scope, run: branches },
    {
      method: "GET",
      path: `${base}/branches/{branch...}`,
      summary: "A branch",
      scope,
      async run(call) {
        const repository = readable(call);
        const branch = await findBranch(repository, call.params["branch"] ?? "");
        if (branch === undefined) throw notFound();
        return json(200, await shapeBranch(call, repository, branch));
      },
    },
    { method: "POST", path: `${base}/branches`, summary: "A new branch", scope, needs: "user", run: createBranch },
    {
      method: "DELETE",
      path: `${base}/branches/{branch...}`,
      summary: "Delete a branch",
      scope,
      needs: "user",
      run: deleteBranch,
    },
    { method: "GET", path: `${base}/tags`, summary: "Tags, the newest first", scope, run: tags },
    {
      method: "GET",
      path: `${base}/tags/{tag...}`,
      summary: "A tag",
      scope,
      async run(call) {
        const repository = readable(call);
        return json(200, tagShape({ baseUrl, repository, tag: await findTag(repository, call.params["tag"] ?? "") }));
      },
    },
    {
      method: "POST",
      path: `${base}/tags`,
      summary: "A new tag, with a message an annotated one",
      scope,
      needs: "user",
      run: createTag,
    },
    { method: "DELETE", path: `${base}/tags/{tag...}`, summary: "Delete a tag", scope, needs: "user", run: deleteTag },
    {
      method: "GET",
      path: `${base}/archive/{archive...}`,
      summary: "All files of a ref as .tar.gz, .zip or .tar",
      scope,
      async run(call) {
        const repository = readable(call);
        const archive = parseArchiveName(call.params["archive"] ?? "");
        if (archive === undefined) throw notFound("The archive must be .tar.gz, .zip or .tar");
        const commit = await refParam(services, repository, archive.revision);
        return streamArchive(repositories, { repository, commit, ...archive, request: call.request });
      },
    },
  ];
}
