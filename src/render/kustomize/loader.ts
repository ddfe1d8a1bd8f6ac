import { posix } from "node:path";
import { parseRepositoryUrl, type RepositoryUrl } from "./git-url.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";

/**
 * A tree of files. Paths are relative to its root, with `/` and without `.` and `..`; the root itself is the empty path.
 * Links are followed by whoever gives the tree, and must not lead out of it.
 */
export type KustomizeFiles = {
  /** @returns `undefined` when there is no such file */
  read(path: string): Promise<Uint8Array | undefined>;
  /** What is at a path; `undefined` when there is nothing. */
  kind(path: string): Promise<"file" | "directory" | undefined>;
};

/** Gets what is not in the tree. */
export type KustomizeRemote = {
  /** The tree of a repository. @property ref a branch, tag or commit; empty for the default branch */
  clone(repository: {
    readonly url: string;
    readonly ref: string;
    readonly submodules: boolean;
    readonly timeoutMs: number;
  }): Promise<KustomizeFiles>;
  /** What an HTTP server answers. @throws {Error} when it does not */
  download(url: string): Promise<{ status: number; body: Uint8Array }>;
};

/** How many bytes one build may read. The largest sets of manifests we know of have a few megabytes. */
export const bytesReadMax = 256 * 2 ** 20;

/** How many files one build may ask for, whether they exist or not. */
export const filesReadMax = 50_000;

/** How many kustomizations may stand in one another; deeper is a cycle that nobody noticed. */
export const depthMax = 100;

/** What all loaders of one build share. */
export type LoaderContext = {
  readonly remote: KustomizeRemote | undefined;
  readonly budget: { bytes: number; files: number };
};

type Tree = {
  readonly files: KustomizeFiles;
  /** What errors call the root of the tree; empty or without a slash at the end. */
  readonly name: string;
  readonly repository: RepositoryUrl | undefined;
};

const decoder = new TextDecoder("utf-8");

/** Reads for the kustomization in one directory, its root. */
export class Loader {
  readonly #tree: Tree;
  readonly #directory: string;
  readonly #isRestricted: boolean;
  readonly #referrer: Loader | undefined;
  readonly #context: LoaderContext;
  readonly #depth: number;

  private constructor(
    tree: Tree,
    directory: string,
    isRestricted: boolean,
    referrer: Loader | undefined,
    context: LoaderContext,
  ) {
    this.#tree = tree;
    this.#directory = directory;
    this.#isRestricted = isRestricted;
    this.#referrer = referrer;
    this.#context = context;
    this.#depth = referrer === undefined ? 0 : referrer.#depth + 1;
    if (this.#depth > depthMax) throw new KustomizeError(`kustomizations nest deeper than ${depthMax}`);
  }

  /**
   * @param directory where the kustomization to build is
   * @param name what errors call the root of the tree
   * @param isRestricted whether files must be below the directory of the kustomization that names them
   */
  static async open(
    files: KustomizeFiles,
    directory: string,
    { name, isRestricted, context }: { name: string; isRestricted: boolean; context: LoaderContext },
  ): Promise<Loader> {
    const tree: Tree = { files, name: name.replace(/\/+$/, ""), repository: undefined };
    const root = posix.join("/", directory).slice(1).replace(/\/$/, "");
    const loader = new Loader(tree, root, isRestricted, undefined, context);
    await loader.#requireDirectory(root);
    return loader;
  }

  /** The directory, the way errors name it. */
  get root(): string {
    return this.#nameOf(this.#directory);
  }

  /** The directory in its tree. */
  get directory(): string {
    return this.#directory;
  }

  get files(): KustomizeFiles {
    return this.#tree.files;
  }

  #nameOf(path: string): string {
    return `${this.#tree.name}/${path}`.replace(/(.)\/$/, "$1");
  }

  /** Where a path leads that a kustomization names; `undefined` when that is outside of the tree. */
  #resolve(path: string): string | undefined {
    if (path.startsWith("/")) {
      const clean = posix.normalize(path).replace(/(.)\/$/, "$1");
      if (clean === this.#tree.name) return "";
      return clean.startsWith(`${this.#tree.name}/`) ? clean.slice(this.#tree.name.length + 1) : undefined;
    }
    // Where the tree is all there is, its root is its own parent.
    const isWhole = this.#tree.name === "";
    const joined = posix
      .join(isWhole ? "/" : "", this.#directory, path)
      .slice(isWhole ? 1 : 0)
      .replace(/\/$/, "");
    if (joined === ".") return "";
    return joined === ".." || joined.startsWith("../") ? undefined : joined;
  }

  /** How errors name a path, also one outside of the tree. */
  #describe(path: string): string {
    return path.startsWith("/") ? posix.normalize(path) : posix.join(this.root, path);
  }

  async readText(path: string): Promise<string> {
    return decoder.decode(await this.read(path));
  }

  /**
   * Reads a file, or an HTTP resource.
   *
   * @throws {KustomizeError}
   */
  async read(path: string): Promise<Uint8Array> {
    const { budget } = this.#context;
    if (++budget.files > filesReadMax) throw new KustomizeError(`more than ${filesReadMax} files`);
    const bytes = isRemoteFile(path) ? await this.#download(path) : await this.#readFile(path);
    budget.bytes += bytes.length;
    if (budget.bytes > bytesReadMax) throw new KustomizeError(`more than ${bytesReadMax} bytes of files`);
    return bytes;
  }

  async #readFile(path: string): Promise<Uint8Array> {
    const found = this.#resolve(path);
    const bytes = found === undefined ? undefined : await this.#tree.files.read(found);
    if (found === undefined || bytes === undefined) throw await this.#unreadable(path, found);
    if (this.#isRestricted && !isWithin(posix.dirname(`/${found}`), `/${this.#directory}`)) {
      throw new KustomizeError(`security; file '${this.#describe(path)}' is not in or below '${this.root}'`);
    }
    return bytes;
  }

  async #unreadable(path: string, found: string | undefined): Promise<KustomizeError> {
    const name = this.#describe(path);
    const kind = found === undefined ? undefined : await this.#tree.files.kind(found);
    if (kind === "directory") {
      return new KustomizeError(
        this.#isRestricted ? `'${name}' must resolve to a file` : `read ${name}: is a directory`,
      );
    }
    if (!this.#isRestricted) return new KustomizeError(`open ${name}: no such file or directory`);
    return new KustomizeError(`evalsymlink failure on '${name}' : ${await this.#missingPart(name, found)}`);
  }

  /** The first part of a path that is not there. */
  async #missingPart(name: string, found: string | undefined): Promise<string> {
    if (found === undefined) return `lstat ${name}: no such file or directory`;
    const segments = found.split("/");
    for (let count = 1; count < segments.length; count++) {
      const part = segments.slice(0, count).join("/");
      const kind = await this.#tree.files.kind(part);
      if (kind === "file") return `lstat ${this.#nameOf(part)}/${segments[count] ?? ""}: not a directory`;
      if (kind === undefined) return `lstat ${this.#nameOf(part)}: no such file or directory`;
    }
    return `lstat ${this.#nameOf(found)}: no such file or directory`;
  }

  async #download(url: string): Promise<Uint8Array> {
    const { remote } = this.#context;
    if (remote === undefined)
      throw new KustomizeError(`cannot download '${url}': remote resources are not available here`);
    let answer: { status: number; body: Uint8Array };
    try {
      answer = await remote.download(url);
    } catch (error) {
      throw new KustomizeError(`Get "${url}": ${errorText(error)}`, { cause: error });
    }
    if (answer.status >= 200 && answer.status <= 299) return answer.body;
    if (parseRepositoryUrl(url) !== undefined) throw new KustomizeError("URL is a git repository");
    throw new KustomizeError(`HTTP Error: status code ${answer.status} (${statusTexts.get(answer.status) ?? ""})`, {
      isFinal: true,
    });
  }

  /**
   * A loader for a kustomization that this one refers to: a directory, or one in a repository.
   *
   * @throws {KustomizeError}
   */
  async enter(path: string): Promise<Loader> {
    if (path === "") throw new KustomizeError("new root cannot be empty");
    const repository = parseRepositoryUrl(path);
    if (repository !== undefined) return await this.#enterRepository(repository);
    if (path.startsWith("/")) throw new KustomizeError(`new root '${path}' cannot be absolute`);
    const directory = this.#resolve(path);
    if (directory === undefined) throw this.#outside(path);
    await this.#requireDirectory(directory, path);
    for (let visited: Loader | undefined = this; visited !== undefined; visited = visited.#referrer) {
      if (visited.#tree !== this.#tree || !isWithin(`/${visited.#directory}`, `/${directory}`)) continue;
      const roots = `candidate root '${this.#nameOf(directory)}' contains visited root '${visited.root}'`;
      throw new KustomizeError(`cycle detected: ${roots}`);
    }
    return new Loader(this.#tree, directory, this.#isRestricted, this, this.#context);
  }

  #outside(path: string): KustomizeError {
    const name = this.#describe(path);
    if (this.#tree.repository !== undefined) {
      const rule = "security; bases in kustomizations found in cloned git repos must be within the repo";
      return new KustomizeError(`${rule}, but base '${name}' is outside '${this.#tree.name}'`);
    }
    return notADirectory(`evalsymlink failure on '${name}' : lstat ${name}: no such file or directory`);
  }

  async #requireDirectory(directory: string, path = ""): Promise<void> {
    const kind = directory === "" ? "directory" : await this.#tree.files.kind(directory);
    if (kind === "directory") return;
    const name = this.#describe(path);
    if (kind === "file") throw new KustomizeError(`must build at directory: '${name}': file is not directory`);
    throw notADirectory(`evalsymlink failure on '${name}' : ${await this.#missingPart(name, directory)}`);
  }

  async #enterRepository(repository: RepositoryUrl): Promise<Loader> {
    for (let visited: Loader | undefined = this; visited !== undefined; visited = visited.#referrer) {
      const previous = visited.#tree.repository?.raw;
      if (previous?.startsWith(repository.raw) !== true) continue;
      throw new KustomizeError(`cycle detected: URI '${repository.raw}' referenced by previous URI '${previous}'`);
    }
    const { remote } = this.#context;
    const { raw, url, ref, submodules, timeoutMs } = repository;
    if (remote === undefined)
      throw new KustomizeError(`cannot clone '${raw}': remote resources are not available here`);
    let files: KustomizeFiles;
    try {
      files = await remote.clone({ url, ref, submodules, timeoutMs });
    } catch (error) {
      throw new KustomizeError(errorText(error), { cause: error });
    }
    const tree: Tree = { files, name: `/${url.replace(/^[a-z]+:\/\//, "")}`.replace(/\/+$/, ""), repository };
    const directory = posix.normalize(repository.path).replace(/^\.$/, "").replace(/\/$/, "");
    // Kustomizations from elsewhere never read what is not below them.
    const loader = new Loader(tree, directory, true, this, this.#context);
    const kind = directory === "" ? "directory" : await files.kind(directory);
    if (kind === "directory") return loader;
    if (kind === "file")
      throw new KustomizeError(`'${loader.root}' refers to file '${posix.basename(directory)}'; expecting directory`);
    throw new KustomizeError(
      `evalsymlink failure on '${loader.root}' : ${await loader.#missingPart(loader.root, directory)}`,
    );
  }

  /** What is at a path, without the rules of reading. */
  async kindOf(path: string): Promise<"file" | "directory" | undefined> {
    const found = this.#resolve(path);
    return found === undefined ? undefined : await this.#tree.files.kind(found);
  }

  /** Where a path of this kustomization is in the tree. */
  pathInTree(path: string): string | undefined {
    return this.#resolve(path);
  }
}

function notADirectory(why: string): KustomizeError {
  return prefixed("must build at directory", new KustomizeError(`not a valid directory: ${why}`));
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `path` is `root` or below it; both absolute. */
function isWithin(path: string, root: string): boolean {
  return path === root || root === "/" || path.startsWith(`${root}/`);
}

export function isRemoteFile(path: string): boolean {
  return /^https?:/i.test(path);
}

const statusTexts: ReadonlyMap<number, string> = new Map([
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [408, "Request Timeout"],
  [410, "Gone"],
  [429, "Too Many Requests"],
  [500, "Internal Server Error"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);
