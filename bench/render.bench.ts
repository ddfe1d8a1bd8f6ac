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
const own = join(import.meta.dirname, "..", "test", "testdata", "charts");
/** Rounds before the measured ones, until the engine has compiled what runs often. */
const warmUpRounds = 20;
const rounds = 10;
const colds = 7;

export async function run(): Promise<Figure[]> {
  const folder = process.env["SKIFF_CHARTS"] ?? own;
  const helm = binary("helm", "1.35");
  const charts = globSync("*/Chart.yaml", { cwd: folder }).map((file) => join(folder, dirname(file)));
  using home = temporaryFolder();
  const env = { PATH: process.env["PATH"], HOME: home.path };
  const usable = charts.filter(
    (chart) => helm === undefined || spawnSync(helm, ["template", chart], { env }).status === 0,
  );

  const started = process.cpuUsage();
  const loaded = usable.map((chart) => loadChart(filesOf(chart)));
  const renderAll = () => {
    for (const chart of loaded)
      renderChart(chart, { now: Date.now, random: (size) => crypto.getRandomValues(new Uint8Array(size)) });
  };
  renderAll();
  const firstMs = cpuMs(started) / loaded.length;
  for (let index = 1; index < warmUpRounds; index++) renderAll();
  const warm = process.cpuUsage();
  for (let index = 0; index < rounds; index++) renderAll();
  const warmMs = cpuMs(warm) / loaded.length / rounds;
  const figures: Figure[] = [
    { name: "charts", value: loaded.length, unit: "", goal: null, better: "higher" },
    {
      name: "first render with loading, processor time of each",
      value: round(firstMs),
      unit: "ms",
      goal: null,
      better: "lower",
    },
    { name: "warm render, processor time of each", value: round(warmMs), unit: "ms", goal: null, better: "lower" },
  ];
  figures.push({
    name: "skiff render of a small chart, whole command",
    value: round(await coldMs(env)),
    unit: "ms",
    goal: 150,
    better: "lower",
  });
  if (helm !== undefined) {
    const forkMs = forkedCpuMs(helm, usable, env) / usable.length;
    figures.push(
      { name: "helm template, processor time of each", value: round(forkMs), unit: "ms", goal: null, better: "lower" },
      {
        name: "helm's time as a multiple of ours, warm",
        value: round(forkMs / warmMs),
        unit: "times",
        goal: 20,
        better: "higher",
      },
    );
  }
  return figures;
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

/** Processor time of one `helm template` for each chart, as the shell that starts them has counted it. */
function forkedCpuMs(helm: string, charts: readonly string[], env: NodeJS.ProcessEnv): number {
  const script = 'helm="$1"; shift; for chart; do "$helm" template "$chart" >/dev/null; done; times';
  const { stdout } = spawnSync("bash", ["-c", script, "bash", helm, ...charts], { env, encoding: "utf8" });
  const ofChildren = stdout.trim().split("\n").at(-1) ?? "";
  const seconds = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return seconds.reduce((sum, one) => sum + one, 0) * 1000;
}

/** Wall time of `skiff render` for a small chart, from the second on, when compiled code is kept. */
async function coldMs(env: NodeJS.ProcessEnv): Promise<number> {
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
