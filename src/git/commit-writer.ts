import { createHash } from "node:crypto";
import { type Environment, GitError, runGit } from "./git-process.ts";
import { modes } from "./trees.ts";

export type Person = { name: string; email: string };
/** What becomes of one path: new contents, an object the repository has already, or nothing. */
export type FileChange = { mode: string; bytes: Uint8Array } | { mode: string; oid: string } | "delete";

/** The branch is no longer where the writer left it. */
export class RefMovedError extends Error {
  constructor(ref: string) {
    super(`${ref} was changed by somebody else at the same time`);
  }
}

/** How long one commit may take; a hundred thousand files take a few seconds. */
const commitTimeoutMs = 120_000;

/** The id that git gives to a blob with these contents. */
export function blobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
}

/**
 * Makes a commit and moves the branch to it, in one step that either happens or does not.
 *
 * @param options.parent where the branch must be, unless it does not exist yet; `undefined` when it must not exist
 * @param options.changes by path, against the tree of the parent
 * @returns the id of the commit
 * @throws {RefMovedError} when the branch is elsewhere
 */
export async function writeCommit(options: {
  environment: Environment;
  gitDir: string;
  ref: string;
  parent: string | undefined;
  changes: ReadonlyMap<string, FileChange>;
  message: string;
  author: Person & { date: Date };
  committer: Person & { date: Date };
}): Promise<string> {
  const { environment, gitDir, ref, parent, changes, author, committer } = options;
  const message = Buffer.from(options.message.endsWith("\n") ? options.message : options.message + "\n");
  const parts: (string | Uint8Array)[] = [
    "feature done\n",
    `commit ${ref}\nmark :1\nauthor ${personLine(author)}\ncommitter ${personLine(committer)}\n`,
    `data ${message.byteLength}\n`,
    message,
    "\n",
    parent === undefined ? "" : `from ${parent}\n`,
  ];
  // Deletions first: a file may make place for a directory of the same name, and the other way round.
  for (const [path, change] of changes) if (change === "delete") parts.push(`D ${quotePath(path)}\n`);
  for (const [path, change] of changes) {
    if (change === "delete") continue;
    if ("oid" in change) parts.push(`M ${change.mode} ${change.oid} ${quotePath(path)}\n`);
    else
      parts.push(`M ${change.mode} inline ${quotePath(path)}\ndata ${change.bytes.byteLength}\n`, change.bytes, "\n");
  }
  parts.push("\nget-mark :1\ndone\n");
  const input = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  const args = ["fast-import", "--quiet", "--done", "--date-format=raw"];
  try {
    const output = await runGit(args, { environment, gitDir, input, timeoutMs: commitTimeoutMs });
    return output.toString().trim();
  } catch (error) {
    if (error instanceof GitError && /Not updating|cannot lock ref|unable to update/i.test(error.stderr))
      throw new RefMovedError(ref);
    throw new Error(`Cannot write a commit to ${ref} in ${gitDir}`, { cause: error });
  }
}

/**
 * What must change so that a tree with the files `from` becomes one with the files `to`.
 *
 * @param from by path, object id and mode
 */
export function changesBetween(
  from: ReadonlyMap<string, { oid: string; mode: string }>,
  to: ReadonlyMap<string, { bytes: Uint8Array; executable?: boolean }>,
): Map<string, FileChange> {
  const changes = new Map<string, FileChange>();
  for (const path of from.keys()) if (!to.has(path)) changes.set(path, "delete");
  for (const [path, { bytes, executable }] of to) {
    const mode = executable === true ? modes.executable : modes.file;
    const before = from.get(path);
    const oid = blobId(bytes);
    if (before?.oid === oid && before.mode === mode) continue;
    changes.set(path, before?.oid === oid ? { mode, oid } : { mode, bytes });
  }
  return changes;
}

function personLine({ name, email, date }: Person & { date: Date }): string {
  const clean = (text: string) => text.replace(/[<>\x00-\x1f\x7f]/g, " ").trim();
  return `${clean(name)} <${clean(email)}> ${Math.floor(date.getTime() / 1000)} +0000`;
}

/** Paths in a fast-import stream are quoted as C strings when they could be taken for something else. */
function quotePath(path: string): string {
  return `"${path.replace(/["\\]/g, (character) => "\\" + character).replaceAll("\n", "\\n")}"`;
}
