// Runs the benchmarks in bench/, one after the other: `npm run bench [name ...] [-- --json]`.
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Benchmark, Figure } from "../bench/figure.ts";

const args = process.argv.slice(2);
const json = args.includes("--json");
const names = args.filter((arg) => !arg.startsWith("-"));
const available = globSync("bench/*.bench.ts")
  .map((file) => basename(file, ".bench.ts"))
  .sort();
const unknown = names.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(", ")}; there are: ${available.join(", ")}`);
  process.exit(2);
}

let missed = 0;
for (const name of names.length > 0 ? names : available) {
  const { title, run } = (await import(pathToFileURL(join("bench", `${name}.bench.ts`)).href)) as Benchmark;
  if (!json) console.log(`\n${title}`);
  for (const figure of await run()) {
    const met = isMet(figure);
    if (met === false) missed += 1;
    if (json) console.log(JSON.stringify({ ...figure, met }));
    else console.log(row(figure, met));
  }
}
if (missed > 0 && !json) console.log(`\n${missed} ${missed === 1 ? "figure misses its" : "figures miss their"} goal`);

function isMet({ value, goal, better }: Figure): boolean | null {
  if (goal === null) return null;
  return better === "lower" ? value <= goal : value >= goal;
}

function row({ name, value, unit, goal, better }: Figure, met: boolean | null): string {
  const wanted = goal === null ? "" : `${better === "lower" ? "≤" : "≥"} ${goal} ${unit}  ${met ? "met" : "MISSED"}`;
  return `  ${name.padEnd(58)} ${String(value).padStart(10)} ${unit.padEnd(10)} ${wanted}`.trimEnd();
}
