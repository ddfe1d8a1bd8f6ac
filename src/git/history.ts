import type { Person } from "./commit-writer.ts";
import type { Repositories, Repository } from "./repositories.ts";

/** Who and when; `date` is RFC 3339 with the offset that the author's clock had. */
export type Signature = Person & { date: string };
export type Commit = {
  oid: string;
  tree: string;
  parents: readonly string[];
  author: Signature;
  committer: Signature;
  message: string;
  signature: string;
};
export type FileStatus = {
  path: string;
  status: "added" | "modified" | "removed";
  additions: number;
  deletions: number;
};

/**
 * Finds the commit that a user means: the default branch when nothing is said, a branch, a tag, a full reference name or
 * the id of a commit, long or short.
 */
export async function resolveCommit(
  repositories: Repositories,
  repository: Repository,
  revision: string,
): Promise<string | undefined> {
  const reader = repositories.reader(repository);
  const wanted = revision === "" ? repository.defaultBranch : revision;
  // Nothing of git's language for revisions, such as `main~3` or `:/text`, is meant to pass.
  if (!/^[^\s~^:?*[\\]+$/.test(wanted) || wanted.startsWith("-") || wanted.includes("..") || wanted.includes("@{"))
    return undefined;
  const candidates =
    wanted === "HEAD" || wanted.startsWith("refs/") ? [wanted] : [`refs/heads/${wanted}`, `refs/tags/${wanted}`];
  if (/^[0-9a-f]{4,40}$/.test(wanted)) candidates.push(wanted);
  for (const candidate of candidates) {
    const found = await reader.info(`${candidate}^{commit}`);
    if (found !== undefined) return found.oid;
  }
  return undefined;
}

/** @returns `undefined` when there is no such commit */
export async function readCommit(
  repositories: Repositories,
  repository: Repository,
  oid: string,
): Promise<Commit | undefined> {
  const object = await repositories.reader(repository).read(`${oid}^{commit}`);
  return object === undefined ? undefined : parseCommit(object.oid, object.bytes);
}

/**
 * A page of the history that leads to a commit, newest first.
 *
 * @param options.path only commits that changed this file or something in this directory
 * @param options.not a commit whose history is left out
 * @returns the page, and how many commits there are on all pages
 */
export async function listCommits(
  repositories: Repositories,
  repository: Repository,
  options: { commit: string; path?: string; not?: string; skip: number; limit: number },
): Promise<{ commits: Commit[]; total: number }> {
  const range = [options.commit, ...(options.not === undefined ? [] : [`^${options.not}`])];
  const paths = options.path === undefined || options.path === "" ? [] : [`:(top,literal)${options.path}`];
  const count = await repositories.run(repository, ["rev-list", "--count", ...range, "--", ...paths]);
  const page = await repositories.run(repository, [
    "rev-list",
    `--skip=${options.skip}`,
    `--max-count=${options.limit}`,
    ...range,
    "--",
    ...paths,
  ]);
  const ids = page.toString().split("\n").filter(Boolean);
  const commits = await Promise.all(ids.map((oid) => readCommit(repositories, repository, oid)));
  return { commits: commits.filter((commit) => commit !== undefined), total: Number(count.toString()) };
}

/** What each of some commits changed against its first parent, by commit. */
export async function changedFiles(
  repositories: Repositories,
  repository: Repository,
  commits: readonly string[],
): Promise<ReadonlyMap<string, FileStatus[]>> {
  const result = new Map<string, FileStatus[]>(commits.map((oid) => [oid, []]));
  if (commits.length === 0) return result;
  const args = [
    "diff-tree",
    "--stdin",
    "-r",
    "--root",
    "-m",
    "--first-parent",
    "--no-renames",
    "--raw",
    "--numstat",
    "-z",
  ];
  const output = await repositories.run(repository, args, { input: commits.join("\n") + "\n" });
  const tokens = output.toString().split("\0");
  let files: FileStatus[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    const [, oid] = /^([0-9a-f]{40})(?: |$)/.exec(token.trim()) ?? [];
    if (oid !== undefined) files = result.get(oid) ?? [];
    else if (token.startsWith(":"))
      files.push({ path: tokens[++at] ?? "", status: statusOf(token.at(-1)), additions: 0, deletions: 0 });
    else {
      const [, additions, deletions, path] = /^(\d+|-)\t(\d+|-)\t([\s\S]*)$/.exec(token) ?? [];
      const file = files.find((candidate) => candidate.path === path);
      if (file !== undefined)
        Object.assign(file, { additions: Number(additions) || 0, deletions: Number(deletions) || 0 });
    }
  }
  return result;
}

export type Branch = { name: string; commit: string };
export type Tag = { name: string; oid: string; commit: string; message: string };

/** Branches by name. */
export async function listBranches(repositories: Repositories, repository: Repository): Promise<Branch[]> {
  const refs = [...(await repositories.refs(repository))];
  return refs
    .filter(([ref]) => ref.startsWith("refs/heads/"))
    .map(([ref, commit]) => ({ name: ref.slice("refs/heads/".length), commit }));
}

/** Tags that name a commit, the newest first. `oid` is the tag itself where it has a message. */
export async function listTags(repositories: Repositories, repository: Repository): Promise<Tag[]> {
  // Neither names nor ids have spaces, and no message has a zero byte.
  const format = "%(refname) %(objectname) %(*objectname)%0a%(contents)%00";
  const output = await repositories.run(repository, [
    "for-each-ref",
    "--sort=-creatordate",
    `--format=${format}`,
    "refs/tags",
  ]);
  const records = output
    .toString()
    .split("\0")
    .map((record) => record.replace(/^\n/, ""))
    .filter(Boolean);
  return records.map((record) => {
    const [ref = "", oid = "", peeled = ""] = record.slice(0, record.indexOf("\n")).split(" ");
    const name = ref.slice("refs/tags/".length);
    // What a tag without a message has for one is that of its commit.
    return peeled === ""
      ? { name, oid, commit: oid, message: "" }
      : { name, oid, commit: peeled, message: record.slice(record.indexOf("\n") + 1).trimEnd() };
  });
}

/** A commit object: headers, an empty line, the message. */
function parseCommit(oid: string, bytes: Buffer): Commit {
  const text = bytes.toString();
  const end = text.indexOf("\n\n");
  const head = end < 0 ? text : text.slice(0, end);
  // A header goes on in lines that begin with a space, as signatures do.
  const headers = head
    .replaceAll("\n ", "\0")
    .split("\n")
    .map((line): [string, string] => [
      line.slice(0, line.indexOf(" ")),
      line.slice(line.indexOf(" ") + 1).replaceAll("\0", "\n"),
    ]);
  const first = (name: string) => headers.find(([header]) => header === name)?.[1] ?? "";
  return {
    oid,
    tree: first("tree"),
    parents: headers.filter(([header]) => header === "parent").map(([, parent]) => parent),
    author: parseSignature(first("author")),
    committer: parseSignature(first("committer")),
    message: end < 0 ? "" : text.slice(end + 2),
    signature: first("gpgsig"),
  };
}

/** `Name <email> <seconds> <offset>`. */
function parseSignature(text: string): Signature {
  const [, name = "", email = "", seconds = "0", sign = "+", hours = "00", minutes = "00"] =
    /^(.*?) ?<([^>]*)> ?(\d+) ([+-])(\d\d)(\d\d)$/.exec(text) ?? [];
  const offsetMs = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const local = new Date(Math.min(Number(seconds) * 1000, 253_402_300_799_000) + offsetMs).toISOString().slice(0, 19);
  return { name, email, date: offsetMs === 0 ? `${local}Z` : `${local}${sign}${hours}:${minutes}` };
}

function statusOf(letter: string | undefined): FileStatus["status"] {
  switch (letter) {
    case "A":
      return "added";
    case "D":
      return "removed";
    default:
      return "modified";
  }
}
