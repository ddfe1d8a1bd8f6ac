import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KustomizeFiles } from "../../src/render/index.ts";

/** A tree of files in one text: `-- path --` and the content of the file below it. */
export type KustomizeCase = { readonly name: string; readonly files: ReadonlyMap<string, string> };

const directory = join(import.meta.dirname, "..", "testdata", "kustomizations");

/** The kustomizations of test/testdata, each of which is built in its directory `app`. */
export function kustomizeCases(): KustomizeCase[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => ({ name: name.slice(0, -4), files: parseTree(readFileSync(join(directory, name), "utf8")) }));
}

export function parseTree(text: string): Map<string, string> {
  const files = new Map<string, string>();
  const parts = text.split(/^-- (\S+) --\n/m);
  for (let index = 1; index < parts.length; index += 2) files.set(parts[index] ?? "", parts[index + 1] ?? "");
  return files;
}

/** A tree in memory. */
export function filesOf(files: ReadonlyMap<string, string>): KustomizeFiles {
  const encoder = new TextEncoder();
  return {
    async read(path) {
      const text = files.get(path);
      return text === undefined ? undefined : encoder.encode(text);
    },
    async kind(path) {
      if (files.has(path)) return "file";
      const prefix = path === "" ? "" : `${path}/`;
      return [...files.keys()].some((file) => file.startsWith(prefix)) ? "directory" : undefined;
    },
  };
}
