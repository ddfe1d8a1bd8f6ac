import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errorText, isAlive } from "../../lib/index.ts";
import type { OutputFile } from "../../templates/index.ts";
import { CliError } from "../errors.ts";

export type Written = {
  /** Paths that have new content, in the order of the files. */
  changed: string[];
  unchanged: number;
};

export type WriteOptions = {
  /** Files that must stay as they are: what was read. */
  inputs: readonly string[];
  /** Ends the writing between two files. */
  signal: AbortSignal;
};

const draftName = /^\.skiff-draft\.(\d+)$/;
/** So many files are written without looking at signals: some ten milliseconds. */
const filesPerTurn = 64;

/**
 * Writes files below a directory, which is made when absent. All are written beside their places first and then renamed, one by one: whenever
 * the process is ended, each of them is the old or the new one. Files that are equal already are not touched.
 *
 * @throws {CliError} when a file cannot be written, or would take the place of an input; nothing is changed then
 */
export async function writeOutputs(
  directory: string,
  files: readonly OutputFile[],
  { inputs, signal }: WriteOptions,
): Promise<Written> {
  if (files.length === 0) return { changed: [], unchanged: 0 };
  const draft = join(directory, `.skiff-draft.${process.pid}`);
  try {
    makeDirectory(directory);
    removeDrafts(directory);
    const places = files.map(({ path, content }) => ({ file: placeOf(directory, path), content }));
    refuseInputs(places, inputs);
    const changed = places.filter(({ file, content }) => !hasContent(file, content));
    if (changed.length === 0) return { changed: [], unchanged: files.length };
    mkdirSync(draft);
    for (const [index, { file, content }] of changed.entries()) {
      if (index % filesPerTurn === 0) await nextTurn();
      signal.throwIfAborted();
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(join(draft, String(index)), content);
    }
    for (const [index, { file }] of changed.entries()) renameSync(join(draft, String(index)), file);
    return { changed: changed.map(({ file }) => file), unchanged: files.length - changed.length };
  } catch (error) {
    if (error instanceof CliError || signal.aborted) throw error;
    throw new CliError("template-output", { directory, why: errorText(error) }, { cause: error });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Removes what processes that were killed left in an output directory. */
function removeDrafts(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(draftName.exec(name)?.[1] ?? 0);
    if (pid === 0 || (pid !== process.pid && isAlive(pid))) continue;
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    const isFile = error instanceof Error && "code" in error && ["EEXIST", "ENOTDIR"].includes(String(error.code));
    const why = isFile ? "it is a file, or below one" : errorText(error);
    throw new CliError("template-output", { directory, why }, { cause: error });
  }
}

function placeOf(directory: string, path: string): string {
  const inside = normalize(path);
  if (inside.startsWith("..") || inside.startsWith(sep)) throw new Error(`${path} is not below the output directory`);
  const file = join(directory, inside);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${file} is a directory`);
  return file;
}

function refuseInputs(places: readonly { file: string }[], inputs: readonly string[]): void {
  const kept = new Set(inputs.map(realPath));
  for (const { file } of places) {
    if (!kept.has(realPath(file))) continue;
    throw new CliError("template-output", { directory: dirname(file), why: `${file} was read as an input` });
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function hasContent(file: string, content: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined || stats.size !== Buffer.byteLength(content)) return false;
  return readFileSync(file, "utf8") === content;
}
