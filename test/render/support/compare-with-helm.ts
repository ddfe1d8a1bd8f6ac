import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Chart, HelmOptions } from "../../../src/render/index.ts";
import { ChartError, loadChart, renderChart, TemplateError } from "../../../src/render/index.ts";
import { binary } from "../../support/binaries.ts";

const run = promisify(execFile);

/** The real Helm 4.1.4; `undefined` where there is none, and nothing can be compared. */
export const helm = binary("helm", "1.35");

/** What both are told. */
export type RenderCase = Omit<HelmOptions, "now" | "random" | "seed" | "lookup">;

/** What either of them says: what it prints, or what follows `Error: `. */
type Answer = { readonly manifest: string } | { readonly error: string };

/**
 * Renders a chart with Helm and with ours, and fails when the answers differ in a byte.
 *
 * @param files the chart, by paths relative to it
 */
export async function compareWithHelm(files: ReadonlyMap<string, Uint8Array>, options: RenderCase = {}): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "skiff-chart-"));
  try {
    await writeTree(join(directory, "chart"), files);
    const args = await argumentsFor(directory, options);
    const wanted = await askHelm(args, directory);
    const got = askOurs(files, options, (name) => join(directory, name));
    if (isSame(wanted, got)) return;
    // What Helm itself does not print twice is compared only where it does.
    const again = await askHelm(args, directory);
    assert.equal(firstDifference(masked(got, wanted, again), masked(wanted, wanted, again)), undefined);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function isSame(a: Answer, b: Answer): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The lines of an answer, without those in which two runs of Helm differ. Errors of schemas come in any order. */
function masked(answer: Answer, first: Answer, second: Answer): string[] {
  if ("error" in answer) return ["Error:", ...answer.error.split("\n").sort()];
  const linesOf = (one: Answer) => ("manifest" in one ? one.manifest.split("\n") : []);
  const others = linesOf(second);
  const differs = linesOf(first).map((line, index) => line !== others[index]);
  return linesOf(answer).map((line, index) => (differs[index] ? "" : line));
}

/** What a reader has to see; whole manifests are too long for that. */
function firstDifference(got: readonly string[], wanted: readonly string[]): string | undefined {
  const length = Math.max(got.length, wanted.length);
  for (let index = 0; index < length; index++) {
    if (got[index] !== wanted[index]) return `line ${index + 1}\n  ours ${got[index]}\n  Helm ${wanted[index]}`;
  }
  return undefined;
}

export async function readTree(directory: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(directory.length + 1), await readFile(path));
  }
  return files;
}

async function writeTree(directory: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }
}

/** Writes the files that arguments name into a directory. */
async function argumentsFor(directory: string, options: RenderCase): Promise<string[]> {
  const args: string[] = [options.releaseName ?? "rel", join(directory, "chart")];
  args.push("--namespace", options.namespace ?? "default");
  const { values = {} } = options;
  for (const { name, text } of values.files ?? []) {
    await writeFile(join(directory, name), text);
    args.push("--values", join(directory, name));
  }
  if (values.object !== undefined) {
    await writeFile(join(directory, "object.json"), JSON.stringify(values.object));
    args.push("--values", join(directory, "object.json"));
  }
  const repeated = {
    "--set-json": values.setJson,
    "--set": values.set,
    "--set-string": values.setString,
    "--set-literal": values.setLiteral,
    "--api-versions": options.apiVersions,
    "--show-only": options.showOnly,
  };
  for (const [flag, texts] of Object.entries(repeated)) for (const text of texts ?? []) args.push(`${flag}=${text}`);
  for (const [path, bytes] of values.setFileContents ?? []) await writeFile(join(directory, path), bytes);
  for (const text of values.setFile ?? []) args.push(`--set-file=${text}`);
  if (options.kubeVersion !== undefined) args.push(`--kube-version=${options.kubeVersion}`);
  const flags = {
    "--include-crds": options.includeCrds,
    "--skip-tests": options.skipTests,
    "--no-hooks": options.skipHooks,
    "--is-upgrade": options.isUpgrade,
    "--skip-schema-validation": options.skipSchemaValidation,
  };
  for (const [flag, isSet] of Object.entries(flags)) if (isSet) args.push(flag);
  return args;
}

async function askHelm(args: readonly string[], directory: string): Promise<Answer> {
  assert.ok(helm !== undefined);
  const options = { env: { HOME: directory, TZ: "UTC" }, cwd: directory, timeout: 60_000, maxBuffer: 64 * 2 ** 20 };
  try {
    const { stdout } = await run(helm, ["template", ...args], options);
    return { manifest: stdout };
  } catch (error) {
    if (!(error instanceof Error) || !("stderr" in error)) throw error;
    const [, message] = /^Error: (.*)$/ms.exec(String(error.stderr)) ?? [];
    return { error: (message ?? String(error.stderr)).trimEnd().replaceAll(`${directory}/`, "") };
  }
}

/** What the binary adds once it has begun to render. */
const debugHint = "\n\nUse --debug flag to render out invalid YAML";

function askOurs(
  files: ReadonlyMap<string, Uint8Array>,
  options: RenderCase,
  pathOf: (name: string) => string,
): Answer {
  try {
    const chart: Chart = loadChart(files);
    const rendered = renderChart(chart, { releaseName: "rel", now: () => Date.now(), random: randomBytes, ...options });
    return { manifest: rendered.manifest };
  } catch (error) {
    if (error instanceof TemplateError) return { error: `${error.message}${debugHint}` };
    if (!(error instanceof ChartError)) throw error;
    const hint = error.debuggable ? debugHint : "";
    return { error: `${error.message}${hint}`.trimEnd().replaceAll(pathOf(""), "") };
  }
}
