import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { compareUtf8 } from "../../apimachinery/index.ts";
import { isTerraformModule, SourceError } from "../../templates/index.ts";

/** What a subcommand reads; `auto` takes everything that it recognizes. */
export type SourceChoice = "crd" | "tf" | "helm" | "kro" | "openapi" | "json-schema" | "auto";

/**
 * Something to read a source from. `shown` is its path as the user named it, and what messages say; `stamp` changes when its content
 * does, as far as sizes and times tell. What was named itself and not found in a directory is meant to be a source.
 */
export type Input = { shown: string; stamp: string; isNamed: boolean } & (
  | { kind: "file"; path: string }
  | { kind: "text"; text: string }
  /** A directory that is a Terraform module; those below it are part of it. */
  | { kind: "module"; path: string; fileNames: string[] }
  | { kind: "chart"; path: string }
  | { kind: "archive"; path: string }
);

/** What was seen and is no source, or not one that was asked for. */
export type Skipped = { file: string; why: string };
export type FoundInputs = { inputs: Input[]; skipped: Skipped[]; problems: SourceError[] };

/** Far more than any collection of sources has; a walk over a whole disk must end. */
const entriesMax = 200_000;
/** Deeper than any tree of sources; it bounds the walk when `--depth` does not. */
const depthMax = 64;
/** Belong to tools: no source is in them, and they can be large. A walk that begins in one reads it. */
const skippedDirectories = new Set([".git", ".terraform", "node_modules"]);
const archiveName = /\.(tgz|tar\.gz)$/;

/**
 * Looks for sources in files and directories, in the order given and then of their names, as cnoe-cli walks: the directory itself is
 * at depth 0, links are followed.
 *
 * @param depth how many levels of directories below the given ones are read
 */
export function findInputs(paths: readonly string[], wanted: SourceChoice, depth: number): FoundInputs {
  const walk = new Walk(wanted, Math.min(depth, depthMax));
  for (const path of paths) walk.start(path);
  return walk.found;
}

class Walk {
  readonly found: FoundInputs = { inputs: [], skipped: [], problems: [] };
  readonly #wanted: SourceChoice;
  readonly #depth: number;
  #entries = 0;

  constructor(wanted: SourceChoice, depth: number) {
    this.#wanted = wanted;
    this.#depth = depth;
  }

  start(path: string): void {
    const stats = this.#stat(path);
    if (stats?.isDirectory()) this.#directory(path, 0, []);
    else if (stats !== undefined) this.#file(path, stats, true);
  }

  #directory(path: string, depth: number, above: readonly string[]): void {
    if (depth > this.#depth) return;
    const names = this.#list(path);
    if (names === undefined) return;
    if (this.#takes("tf") && isTerraformModule(names)) {
      this.found.inputs.push({
        kind: "module",
        path,
        shown: path,
        isNamed: depth === 0,
        fileNames: names,
        stamp: stampOfFiles(path, names),
      });
      return;
    }
    if (this.#takes("helm") && names.includes("Chart.yaml")) {
      this.found.inputs.push({ kind: "chart", path, shown: path, isNamed: depth === 0, stamp: stampOfTree(path) });
      return;
    }
    const here = realpathSync(path);
    if (above.includes(here)) {
      this.found.skipped.push({ file: path, why: "is a link to a directory that it is in" });
      return;
    }
    for (const name of names) {
      if (this.#entries++ === entriesMax) {
        const why = `there is more than ${entriesMax} files and directories: name the ones to read`;
        this.found.problems.push(new SourceError(why, { file: path }));
      }
      if (this.#entries > entriesMax) return;
      this.#entry(join(path, name), name, depth, [...above, here]);
    }
  }

  #entry(path: string, name: string, depth: number, above: readonly string[]): void {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) this.found.skipped.push({ file: path, why: "is a link that leads nowhere" });
    else if (!stats.isDirectory()) this.#file(path, stats, false);
    else if (!skippedDirectories.has(name)) this.#directory(path, depth + 1, above);
  }

  #file(path: string, stats: Stats, isNamed: boolean): void {
    // A pipe that was named, such as a shell makes of `<(…)`, is read to its end; one that lies in a directory is no source.
    if (!stats.isFile() && !(isNamed && (stats.isFIFO() || stats.isCharacterDevice()))) return;
    const common = { path, shown: path, isNamed, stamp: stampOf(stats) };
    if (archiveName.test(path)) {
      if (this.#takes("helm")) this.found.inputs.push({ kind: "archive", ...common });
      return;
    }
    if (this.#wanted !== "helm" && this.#wanted !== "tf") this.found.inputs.push({ kind: "file", ...common });
    else if (isNamed) this.#misnamed(path);
  }

  #misnamed(path: string): void {
    const why =
      this.#wanted === "tf"
        ? "a module is a directory: give the one that its files are in"
        : "a chart is a directory with a Chart.yaml, or an archive (.tgz): give one of those";
    this.found.problems.push(new SourceError(why, { file: path }));
  }

  #takes(source: "tf" | "helm"): boolean {
    return this.#wanted === source || this.#wanted === "auto";
  }

  #stat(path: string): Stats | undefined {
    try {
      return statSync(path);
    } catch (error) {
      this.found.problems.push(new SourceError(whyUnreadable(error), { file: path }, { cause: error }));
      return undefined;
    }
  }

  #list(path: string): string[] | undefined {
    try {
      return readdirSync(path).sort(compareUtf8);
    } catch (error) {
      this.found.problems.push(new SourceError(whyUnreadable(error), { file: path }, { cause: error }));
      return undefined;
    }
  }
}

/** What a system error says, in words. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words: Record<string, string> = {
    ENOENT: "there is no such file or directory",
    EACCES: "this user may not read it",
    EPERM: "this user may not read it",
    ELOOP: "it is a link that leads back to itself",
    ENAMETOOLONG: "its name is too long",
  };
  return words[code] ?? `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

function stampOf({ size, mtimeMs, ino }: Stats): string {
  return `${ino}:${size}:${mtimeMs}`;
}

function stampOfFiles(directory: string, names: readonly string[]): string {
  const stamps = names.map((name) => {
    const stats = statSync(join(directory, name), { throwIfNoEntry: false });
    return stats?.isFile() ? `${name} ${stampOf(stats)}` : "";
  });
  return stamps.filter((stamp) => stamp !== "").join("\n");
}

/** Of all files below a directory, without following links to directories. */
function stampOfTree(directory: string): string {
  const names = readdirSync(directory, { recursive: true }).map(String).sort(compareUtf8);
  return stampOfFiles(directory, names.slice(0, entriesMax));
}
