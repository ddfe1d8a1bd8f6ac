import { type Fields, isFields } from "../../apimachinery/index.ts";
import type { FileChange, Person } from "../commit-writer.ts";
import { readCommit } from "../history.ts";
import { listOf, textOf } from "../json.ts";
import { isShortRefName, parseTreePath } from "../names.ts";
import type { Repository, Tip } from "../repositories.ts";
import { fileCommitShape, type Shape, verificationShape } from "../shapes.ts";
import { streamBlob } from "../stream.ts";
import { modes, type TreeEntry } from "../trees.ts";
import { refParam, repositoryParam } from "./repository-param.ts";
import { ApiError, type Call, caller, json, notFound, type Route, type Services } from "./route.ts";

/** Files through HTTP: read, and change with one commit each. */
export function contentRoutes(services: Services): Route[] {
  const { repositories, now } = services;
  const scope = "repository";

  const read = async (call: Call) => {
    const repository = repositoryParam(services, call, "read");
    const path = pathParam(call);
    const revision = call.query.get("ref") ?? "";
    const commit = await refParam(services, repository, revision);
    const ref = revision === "" ? repository.defaultBranch : revision;
    const entry = await repositories.trees.find(repositories.reader(repository), commit, path);
    if (entry === undefined) throw notFound(`object does not exist [id: , rel_path: ${path}]`);
    const etag = `"${entry.oid}"`;
    if (call.request.headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
    if (entry.mode !== modes.directory) {
      const options = {
        repository,
        entry,
        path,
        ref,
        withContent: true,
        lastCommit: await lastCommit(repository, commit, path),
      };
      return json(200, await contentsShape(services, options), { etag });
    }
    const entries = await repositories.trees.entries(repositories.reader(repository), entry.oid);
    const shapes = entries.map((child) => {
      const childPath = path === "" ? child.name : `${path}/${child.name}`;
      return contentsShape(services, {
        repository,
        entry: child,
        path: childPath,
        ref,
        withContent: false,
        lastCommit: null,
      });
    });
    return json(200, await Promise.all(shapes), { etag });
  };

  const lastCommit = async (repository: Repository, commit: string, path: string) =>
    (await repositories.run(repository, ["rev-list", "--max-count=1", commit, "--", `:(top,literal)${path}`]))
      .toString()
      .trim();

  const raw = async (call: Call) => {
    const repository = repositoryParam(services, call, "read");
    const commit = await refParam(services, repository, call.query.get("ref") ?? "");
    return await streamBlob(repositories, { repository, commit, path: pathParam(call), request: call.request });
  };

  const change = async (call: Call, operationsOf: (body: Fields) => Operation[]) => {
    const repository = repositoryParam(services, call, "write");
    const body = await call.body();
    const operations = operationsOf(body);
    const base = textOf(body["branch"]) || repository.defaultBranch;
    const branch = textOf(body["new_branch"]) || base;
    for (const name of [base, branch])
      if (!isShortRefName(name)) throw new ApiError(422, `${JSON.stringify(name)} is not a branch name`);
    const head = await repositories.reader(repository).info("HEAD^{commit}");
    const baseCommit = await repositories.reader(repository).info(`refs/heads/${base}^{commit}`);
    if (head !== undefined && baseCommit === undefined) throw notFound(`branch does not exist [name: ${base}]`);
    if (branch !== base && (await repositories.reader(repository).info(`refs/heads/${branch}`)) !== undefined) {
      throw new ApiError(422, `branch already exists [name: ${branch}]`);
    }
    const self = caller(call).account;
    const people = peopleOf(body, { name: self.fullName || self.login, email: self.email }, now());
    const message = textOf(body["message"]) || defaultMessage(operations);
    const changes = async (tip: Tip) => await decide(operations, tip);
    const { commit: oid } = await repositories.commit({
      ...repository,
      branch,
      base,
      message,
      ...people,
      pusher: self.login,
      changes,
    });
    const commit = await readCommit(repositories, repository, oid);
    if (commit === undefined) throw new Error(`Cannot read commit ${oid}, which was just made`);
    const contents = operations.map(async ({ operation, path }) => {
      const entry =
        operation === "delete" ? undefined : await repositories.trees.find(repositories.reader(repository), oid, path);
      if (entry === undefined) return null;
      return await contentsShape(services, {
        repository,
        entry,
        path,
        ref: branch,
        withContent: true,
        lastCommit: oid,
      });
    });
    return {
      contents: await Promise.all(contents),
      commit: fileCommitShape({ ...services, repository, commit }),
      verification: verificationShape(commit),
    };
  };
  const changeOne = async (call: Call, status: number, operationOf: (body: Fields) => Operation) => {
    const { contents, commit, verification } = await change(call, (body) => [operationOf(body)]);
    return json(status, { content: contents[0], commit, verification });
  };

  return [
    {
      method: "GET",
      path: "/repos/{owner}/{repo}/contents/{path...}",
      summary: "A file in base64, or the entries of a directory, at ref",
      scope,
      run: read,
    },
    {
      method: "POST",
      path: "/repos/{owner}/{repo}/contents",
      summary: "Create, update, upload, rename and delete several files with one commit",
      scope,
      needs: "user",
      async run(call) {
        const { contents, commit, verification } = await change(call, (body) =>
          listOf(body["files"]).map(parseOperation),
        );
        return json(201, { files: contents, commit, verification });
      },
    },
    {
      method: "POST",
      path: "/repos/{owner}/{repo}/contents/{path...}",
      summary: "Create a file",
      scope,
      needs: "user",
      run: (call) =>
        changeOne(call, 201, (body) => ({ operation: "create", path: pathParam(call), content: contentOf(body) })),
    },
    {
      method: "PUT",
      path: "/repos/{owner}/{repo}/contents/{path...}",
      summary: "Update a file; sha is what it was",
      scope,
      needs: "user",
      run: (call) =>
        changeOne(call, 200, (body) => {
          const sha = textOf(body["sha"]);
          const from = textOf(body["from_path"]);
          const operation = {
            path: pathParam(call),
            content: contentOf(body),
            ...(from === "" ? {} : { from: treePath(from) }),
          };
          // Without a sha Gitea creates the file.
          return sha === "" ? { ...operation, operation: "create" } : { ...operation, operation: "update", sha };
        }),
    },
    {
      method: "DELETE",
      path: "/repos/{owner}/{repo}/contents/{path...}",
      summary: "Delete a file; sha is what it was",
      scope,
      needs: "user",
      run: (call) =>
        changeOne(call, 200, (body) => {
          // Clients that send no body with a DELETE put the fields into the query.
          const field = (name: string) => textOf(body[name]) || (call.query.get(name) ?? "");
          if (field("sha") === "") throw new ApiError(422, "[SHA]: Required");
          return { operation: "delete", path: pathParam(call), sha: field("sha") };
        }),
    },
    {
      method: "GET",
      path: "/repos/{owner}/{repo}/raw/{path...}",
      summary: "The bytes of a file at ref",
      scope,
      run: raw,
    },
    { method: "GET", path: "/repos/{owner}/{repo}/media/{path...}", summary: "The same", scope, run: raw },
  ];
}

/** One file of a change. `sha` is the id that the file must have; `from` is where it was, when it is moved. */
type Operation = {
  operation: "create" | "update" | "upload" | "rename" | "delete";
  path: string;
  content?: Buffer;
  sha?: string;
  from?: string;
};

function parseOperation(value: unknown): Operation {
  if (!isFields(value)) throw new ApiError(422, "[Files]: each must be an object");
  const operation = value["operation"];
  const path = treePath(textOf(value["path"]));
  const sha = textOf(value["sha"]);
  const from = textOf(value["from_path"]);
  const common = { path, ...(sha === "" ? {} : { sha }), ...(from === "" ? {} : { from: treePath(from) }) };
  switch (operation) {
    case "create":
    case "update":
    case "upload":
      return { operation, ...common, content: contentOf(value) };
    case "rename":
      if (from === "") throw new ApiError(422, "[FromPath]: Required to rename");
      return { operation, ...common };
    case "delete":
      return { operation, ...common };
    default:
      throw new ApiError(422, "[Operation]: In(create,update,upload,rename,delete)");
  }
}

/** What the operations do to the tree as it is. @throws {ApiError} 422 or 404 when they do not fit it */
async function decide(operations: readonly Operation[], tip: Tip): Promise<Map<string, FileChange>> {
  if (operations.length === 0) throw new ApiError(422, "[Files]: Required");
  const changes = new Map<string, FileChange>();
  for (const { operation, path, content, sha, from } of operations) {
    const source = from ?? path;
    const before = await tip.find(source);
    const file = before === undefined || before.mode === modes.directory ? undefined : before;
    const target = source === path ? before : await tip.find(path);
    switch (operation) {
      case "create":
        if (target !== undefined) throw new ApiError(422, `repository file already exists [path: ${path}]`);
        break;
      case "update":
      case "delete":
      case "rename":
        if (file === undefined) throw notFound(`repository file does not exist [path: ${source}]`);
        if (sha === undefined && operation !== "rename")
          throw new ApiError(422, "a SHA or commit ID must be provided when updating a file");
        if (sha !== undefined && file.oid !== sha)
          throw new ApiError(422, `sha does not match [given: ${sha}, expected: ${file.oid}]`);
        break;
      case "upload":
        break;
    }
    if (operation !== "delete" && target?.mode === modes.directory)
      throw new ApiError(422, `path is a directory [path: ${path}]`);
    await checkParents(path, tip, changes);
    if (operation === "delete" || source !== path) changes.set(source, "delete");
    if (operation === "delete") continue;
    const mode = file?.mode ?? modes.file;
    if (content !== undefined)
      changes.set(path, { mode: mode === modes.submodule ? modes.file : mode, bytes: content });
    else if (file !== undefined) changes.set(path, { mode, oid: file.oid });
  }
  return changes;
}

/** No part of the way to a file may be a file itself. */
async function checkParents(path: string, tip: Tip, changes: ReadonlyMap<string, FileChange>): Promise<void> {
  const parts = path.split("/");
  for (let length = 1; length < parts.length; length++) {
    const parent = parts.slice(0, length).join("/");
    const entry = await tip.find(parent);
    const change = changes.get(parent);
    const isFile = change === undefined ? entry !== undefined && entry.mode !== modes.directory : change !== "delete";
    if (isFile) throw new ApiError(422, `a file exists where you're trying to create a subdirectory [path: ${parent}]`);
  }
}

/** Files larger than this have no content in answers; they are there to be read raw. Gitea's `DEFAULT_MAX_BLOB_SIZE`. */
const contentBytesMax = 10 * 2 ** 20;

async function contentsShape(
  services: Services,
  options: {
    repository: Repository;
    entry: TreeEntry;
    path: string;
    ref: string;
    withContent: boolean;
    lastCommit: string | null;
  },
): Promise<Shape> {
  const { repositories, baseUrl } = services;
  const { repository, entry, path, ref, withContent, lastCommit } = options;
  const { owner, name } = repository;
  const reader = repositories.reader(repository);
  const kind = kinds[entry.mode] ?? "file";
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const api = `${baseUrl}/api/v1/repos/${owner}/${name}`;
  const refKind = /^[0-9a-f]{40}$/.test(ref)
    ? "commit"
    : (await reader.info(`refs/heads/${ref}`)) === undefined
      ? "tag"
      : "branch";
  const encodedRef = ref.split("/").map(encodeURIComponent).join("/");
  const self = `${api}/contents/${encoded}?ref=${encodeURIComponent(ref)}`;
  const html = `${baseUrl}/${owner}/${name}/src/${refKind}/${encodedRef}/${encoded}`;
  const git = `${api}/git/${kind === "dir" ? "trees" : "blobs"}/${entry.oid}`;
  const isBlob = kind === "file" || kind === "symlink";
  const sizeBytes = isBlob ? ((await reader.info(entry.oid))?.sizeBytes ?? 0) : 0;
  const blob = isBlob && withContent && sizeBytes <= contentBytesMax ? await reader.read(entry.oid) : undefined;
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    sha: entry.oid,
    last_commit_sha: lastCommit,
    type: kind,
    size: sizeBytes,
    encoding: kind === "file" && blob !== undefined ? "base64" : null,
    content: kind === "file" && blob !== undefined ? blob.bytes.toString("base64") : null,
    target: kind === "symlink" ? (blob?.bytes.toString() ?? null) : null,
    url: self,
    html_url: html,
    git_url: git,
    download_url: isBlob ? `${baseUrl}/${owner}/${name}/raw/${refKind}/${encodedRef}/${encoded}` : null,
    submodule_git_url: null,
    _links: { self, git, html },
  };
}

const kinds: Readonly<Record<string, string>> = {
  [modes.directory]: "dir",
  [modes.link]: "symlink",
  [modes.submodule]: "submodule",
};

function pathParam(call: Call): string {
  const text = call.params["path"] ?? "";
  if (call.request.method !== "GET" && call.request.method !== "HEAD") return treePath(text);
  const path = parseTreePath(text);
  if (path === undefined) throw notFound(`object does not exist [id: , rel_path: ${text}]`);
  return path;
}

function treePath(text: string): string {
  const path = parseTreePath(text);
  if (path === undefined || path === "")
    throw new ApiError(422, `path contains a malformed path component [path: ${text}]`);
  return path;
}

function contentOf(body: Fields): Buffer {
  const text = textOf(body["content"]).replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new ApiError(422, "illegal base64 data in content");
  return Buffer.from(text, "base64");
}

/** If only one of author and committer is given it stands for both. */
function peopleOf(body: Fields, self: Person, now: Date) {
  const dates = isFields(body["dates"]) ? body["dates"] : {};
  const dateOf = (value: unknown) => {
    const date = new Date(textOf(value));
    return Number.isNaN(date.getTime()) || date.getTime() < 0 ? now : date;
  };
  const given = (value: unknown) =>
    isFields(value) && (textOf(value["name"]) !== "" || textOf(value["email"]) !== "") ? value : undefined;
  const author = given(body["author"]) ?? given(body["committer"]);
  const committer = given(body["committer"]) ?? given(body["author"]);
  const person = (fields: Fields | undefined): Person => ({
    name: textOf(fields?.["name"]) || self.name,
    email: textOf(fields?.["email"]) || self.email,
  });
  return {
    author: { ...person(author), date: dateOf(dates["author"]) },
    committer: { ...person(committer), date: dateOf(dates["committer"]) },
  };
}

function defaultMessage(operations: readonly Operation[]): string {
  const verbs = { create: "Add", update: "Update", upload: "Update", rename: "Rename", delete: "Delete" };
  return operations.map(({ operation, path }) => `${verbs[operation]} ${path}`).join("\n");
}
