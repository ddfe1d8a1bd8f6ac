import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { parseYamlDocuments } from "../../src/apimachinery/index.ts";
import { buildKustomization, KustomizeError, stringifyKustomization } from "../../src/render/index.ts";
import { binary } from "../support/binaries.ts";
import { filesOf, kustomizeCases } from "./kustomize-cases.ts";

const run = promisify(execFile);
const kubectl = binary("kubectl", "1.35");

/** How long kubectl may take for one of these small kustomizations on a busy machine. */
const timeoutMs = 60_000;

type Outcome = { output: string } | { error: string };

/** Each case is in a directory of the same name on disk and in memory, so that errors name the same paths. */
for (const { name, files } of kustomizeCases()) {
  test(`kustomize builds ${name} as kubectl does`, { skip: kubectl === undefined && "no kubectl here" }, async () => {
    if (kubectl === undefined) return;
    const directory = mkdtempSync(join(tmpdir(), "skiff-kustomize-"));
    try {
      for (const [path, content] of files) {
        mkdirSync(join(directory, dirname(path)), { recursive: true });
        writeFileSync(join(directory, path), content);
      }
      const [theirs, ours] = await Promise.all([runKubectl(kubectl, directory), buildHere(files, directory)]);
      assert.deepEqual(comparable(ours), comparable(theirs));
      if ("output" in theirs && "output" in ours) assert.equal(ours.output, theirs.output, "same objects, other text");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

async function runKubectl(path: string, directory: string): Promise<Outcome> {
  const env = { HOME: directory, PATH: "/usr/bin:/bin" };
  try {
    const { stdout } = await run(path, ["kustomize", join(directory, "app")], { env, timeout: timeoutMs });
    return { output: stdout };
  } catch (error) {
    if (!(error instanceof Error) || !("stderr" in error) || typeof error.stderr !== "string") throw error;
    const lines = error.stderr.split("\n").filter((line) => !line.startsWith("# Warning"));
    return {
      error: lines
        .join("\n")
        .replace(/^error: /, "")
        .trim(),
    };
  }
}

async function buildHere(files: ReadonlyMap<string, string>, directory: string): Promise<Outcome> {
  try {
    const { manifests } = await buildKustomization(filesOf(files), "app", { rootName: directory });
    return { output: stringifyKustomization(manifests) };
  } catch (error) {
    if (error instanceof KustomizeError) return { error: error.message.trim() };
    throw error;
  }
}

/** Go shows pointers in some messages, which differ from run to run. */
function comparable(outcome: Outcome): unknown {
  if ("error" in outcome) return outcome.error.replace(/ &\{0x[\da-f]+ <nil>\}/g, "");
  return parseYamlDocuments(outcome.output).map(({ value }) => value);
}
