import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { mainModule } from "../scripts/bundle.mjs";
import { loadChart, renderChart } from "../src/render/index.ts";
import { binary } from "../test/support/binaries.ts";
import { type Figure, median, round } from "./figure.ts";

export const title =
  "Rendering charts: in this process, and by a fork of helm, the same charts in one run (SKIFF_CHARTS names others)";

const small = "shop";
/** It makes RSA keys in nearly all of its time, as in helm. */
const keyMaker = "functions";
const own = join(import.meta.dirname, "..", "test", "testdata", "charts");
/** Renders before the measured ones, until the engine has compiled what runs often. */
const warmUps = 20;
const rounds = 10;
const colds = 7;

export async function run(): Promise<Figure[]> {
  const folder = process.env["SKIFF_CHARTS"] ?? own;
  const helm = binary("helm", "1.35");
  const charts = globSync("*/Chart.yaml", { cwd: folder })
    .map((file) => dirname(file))
    .filter((name) => folder !== own || name !== keyMaker)
    .map((name) => join(folder, name));
  using home = temporaryFolder();
  const env = { PATH: process.env["PATH"], HOME: home.path };
  const usable = charts.filter(
    (chart) => helm === undefined || spawnSync(helm, ["template", chart], { env }).status === 0,
  );
  const times = usable.map((chart) => ({
    ...ownCpuMs(chart),
    fork: helm === undefined ? undefined : forkedCpuMs(helm, chart, env),
  }));

  const mean = (values: readonly number[]) => round(values.reduce((sum, one) => sum + one, 0) / values.length);
  const firstMs = mean(times.map(({ first }) => first));
  const warmMs = mean(times.map(({ warm }) => warm));
  const coldMs = round(await commandMs(env));
  const figures: Figure[] = [
    { name: "charts", value: usable.length, unit: "", goal: null, better: "higher" },
    { name: "first render with loading, processor time", value: firstMs, unit: "ms", goal: null, better: "lower" },
    { name: "warm render, processor time", value: warmMs, unit: "ms", goal: null, better: "lower" },
    { name: "skiff render of a small chart, whole command", value: coldMs, unit: "ms", goal: 150, better: "lower" },
  ];
  const forks = times.flatMap(({ fork }) => fork ?? []);
  if (forks.length === 0) return figures;
  const ratios = times.map(({ warm, fork = 0 }) => fork / warm);
  return [
    ...figures,
    { name: "helm template, processor time", value: mean(forks), unit: "ms", goal: null, better: "lower" },
    { name: "helm's time in ours, all charts", value: round(mean(forks) / warmMs), unit: "times", ...atLeast20 },
    { name: "the same, chart in the middle", value: round(median(ratios)), unit: "times", ...atLeast20 },
  ];
}

const atLeast20 = { goal: 20, better: "higher" } as const;

/** Processor time of the first render in this process, and of one after many. */
function ownCpuMs(folder: string): { first: number; warm: number } {
  const start = process.cpuUsage();
  const chart = loadChart(filesOf(folder));
  // Helm prints the text, so that it counts here too.
  const render = () =>
    renderChart(chart, { now: Date.now, random: (size) => crypto.getRandomValues(new Uint8Array(size)) }).manifest;
  render();
  const first = cpuMs(start);
  for (let index = 1; index < warmUps; index++) render();
  const warm = process.cpuUsage();
  for (let index = 0; index < rounds; index++) render();
  return { first, warm: cpuMs(warm) / rounds };
}

function filesOf(folder: string): Map<string, Uint8Array> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path)]));
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Processor time of `helm template`, as the shell that starts it has counted it. */
function forkedCpuMs(helm: string, chart: string, env: NodeJS.ProcessEnv): number {
  const script = '"$1" template "$2" >/dev/null; times';
  const { stdout } = spawnSync("bash", ["-c", script, "bash", helm, chart], { env, encoding: "utf8" });
  const ofChildren = stdout.trim().split("\n").at(-1) ?? "";
  const parts = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return parts.reduce((sum, one) => sum + one, 0) * 1000;
}

/** Wall time of `skiff render` for a small chart, from the second on, when compiled code is kept. */
async function commandMs(env: NodeJS.ProcessEnv): Promise<number> {
  const main = await mainModule(join(import.meta.dirname, ".."));
  const taken = Array.from({ length: colds + 1 }, () => {
    const startedMs = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", main, "render", join(own, small)],
      { env, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`skiff render: ${stderr}`);
    return performance.now() - startedMs;
  });
  return median(taken.slice(1));
}

function temporaryFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "skiff-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
