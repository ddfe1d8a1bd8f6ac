/** A file: text, or bytes of one that is no text. Paths have `/` between their parts and no `..`. */
export type ScaffoldFile = { path: string; content: string | Uint8Array };

/** How many files a run may make; the templates we know of make some dozens. */
const filesMax = 10_000;
/** How much they may hold together, in characters or bytes: four times the largest skeleton we know of. */
const contentMax = 64 * 2 ** 20;

/** The files of a run, as its steps see them: a directory of which nothing reaches outside. */
export class Workspace {
  readonly #files = new Map<string, string | Uint8Array>();
  #size = 0;

  has(path: string): boolean {
    return this.#files.has(path);
  }

  read(path: string): string | Uint8Array | undefined {
    return this.#files.get(path);
  }

  write(path: string, content: string | Uint8Array): void {
    this.#size += content.length - (this.#files.get(path)?.length ?? 0);
    this.#files.set(path, content);
    if (this.#files.size > filesMax) throw new Error(`more than ${filesMax} files`);
    if (this.#size > contentMax) throw new Error(`more than ${contentMax} characters in all files`);
  }

  /** Removes a file, or a directory with all that is in it. */
  remove(path: string): void {
    for (const file of this.within(path)) {
      this.#size -= this.#files.get(file)?.length ?? 0;
      this.#files.delete(file);
    }
  }

  /** Moves a file or a directory. */
  move(from: string, to: string): void {
    for (const path of this.within(from)) {
      const content = this.#files.get(path);
      this.#files.delete(path);
      if (content !== undefined) this.#files.set(to + path.slice(from.length), content);
    }
  }

  /** The paths of a file itself, or of all files of a directory; all for the empty path. */
  within(path: string): string[] {
    if (path === "") return [...this.#files.keys()];
    return [...this.#files.keys()].filter((file) => file === path || file.startsWith(`${path}/`));
  }

  /** All files, sorted by path. */
  files(): ScaffoldFile[] {
    return [...this.#files]
      .map(([path, content]) => ({ path, content }))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }
}

/**
 * A path without `.` and empty parts, relative to a directory.
 *
 * @param base where relative paths begin, without `.` and `..`
 * @throws {Error} when it leads out of the root
 */
export function resolvePath(path: string, base = ""): string {
  const parts = base === "" ? [] : base.split("/");
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) throw new Error(`${path} leads out of the directory`);
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/**
 * Whether bytes are no text, as Backstage decides it: they have a NUL, or one in ten of the first 512 belongs to no
 * character of UTF-8.
 */
export function isBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 512);
  if (head.includes(0) || Buffer.from(head.subarray(0, 5)).toString("latin1") === "%PDF-") return true;
  const broken = Buffer.from(head).toString("utf8").split("\ufffd").length - 1;
  return broken * 10 > head.length;
}

/**
 * Makes a test out of globs as globby reads them: `*` within a part, `**` across parts, a name of a directory for all that is
 * in it, `!` takes out again.
 */
export function compileGlobs(globs: readonly string[]): (path: string) => boolean {
  const included = globs.filter((glob) => !glob.startsWith("!")).map(compileGlob);
  const excluded = globs.filter((glob) => glob.startsWith("!")).map((glob) => compileGlob(glob.slice(1)));
  return (path) => included.some((test) => test(path)) && !excluded.some((test) => test(path));
}

function compileGlob(glob: string): (path: string) => boolean {
  const source = glob
    .replace(/^\.?\//, "")
    .replace(/\/+$/, "")
    .replace(/\*\*\/|\*\*|\*|\?|\{|\}|,|\[!?|\]|\\.|[.+^$()|]/g, (token) => globTokens[token] ?? literal(token));
  try {
    const expression = new RegExp(`^(?:${source})(?:/.*)?$`, "su");
    return (path) => expression.test(path);
  } catch {
    return () => false;
  }
}

const globTokens: Readonly<Record<string, string>> = {
  "**/": "(?:.*/)?",
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
  "{": "(?:",
  "}": ")",
  ",": "|",
  "[": "[",
  "[!": "[^",
  "]": "]",
};

function literal(token: string): string {
  return token.length > 1 ? token : `\\${token}`;
}
