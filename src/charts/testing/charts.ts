import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { binary } from "../../../test/support/binaries.ts";
import { packChart } from "../pack-chart.ts";
import type { RegistryLogins } from "../registry-logins.ts";
import { type ChartStoreLimits, createChartStore } from "../store.ts";

/** A directory that is gone after the test. */
export function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "skiff-charts-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A store for one test. */
export function openStore(
  t: TestContext,
  options: {
    directory?: string;
    limits?: Partial<ChartStoreLimits>;
    now?: () => number;
    environment?: NodeJS.ProcessEnv;
    logins?: RegistryLogins;
  } = {},
) {
  const store = createChartStore({ environment: {}, ...options, directory: options.directory ?? makeDirectory(t) });
  t.after(() => store[Symbol.asyncDispose]());
  return store;
}

/** The files of a chart with one template; `more` adds to them or replaces them. */
export function chartFiles(name: string, version: string, more: Record<string, string> = {}): Map<string, Uint8Array> {
  const texts = {
    "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    "values.yaml": "greeting: hello\n",
    "templates/config.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  greeting: {{ .Values.greeting }}\n`,
    ...more,
  };
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

/** The archive of such a chart. */
export function chartArchive(name: string, version: string, more: Record<string, string> = {}): Uint8Array {
  return packChart(name, chartFiles(name, version, more));
}

/** Writes files where programs find them. */
export function writeFiles(directory: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  }
}

/** The real helm, or `undefined` where there is none. Its home is a directory of the test. */
export function findHelm(home: string) {
  const helm = binary("helm");
  if (helm === undefined) return undefined;
  return (...args: string[]) => run(helm, args, home);
}

export type Outcome = { code: number; stdout: string; stderr: string };

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], home: string, input = ""): Promise<Outcome> {
  const env = { PATH: process.env["PATH"], HOME: home, GNUPGHOME: join(home, ".gnupg"), HELM_PLUGINS: home };
  return new Promise((resolve) => {
    const child = execFile(program, args, { env, cwd: home, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : 1;
      resolve({ code: error === null ? 0 : code, stdout, stderr });
    });
    // Programs that do not read it have ended before.
    child.stdin?.on("error", () => {}).end(input);
  });
}

export function readBytes(file: string): Uint8Array {
  return new Uint8Array(readFileSync(file));
}
