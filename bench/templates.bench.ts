import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Fields, isFields, numberAt } from "../src/apimachinery/index.ts";
import { type Figure, median, round } from "./figure.ts";

export const title = "Templates: definition, form and complete template of generated sources, on one core";

const runs = 3;

export async function run(): Promise<Figure[]> {
  const results = Array.from({ length: runs }, measure);
  const at = (name: string) => round(median(results.map((result) => numberAt(result, [name], Number.NaN))));
  return [
    { name: "CRDs, mean size", value: round(at("meanBytes") / 1000), unit: "kB", goal: null, better: "lower" },
    {
      name: "1,000 CRDs, all files made, processor time",
      value: at("crdSeconds"),
      unit: "s",
      goal: 5,
      better: "lower",
    },
    { name: "files made of them", value: at("crdFiles"), unit: "", goal: null, better: "higher" },
    {
      name: "100 Terraform modules, processor time",
      value: at("moduleSeconds"),
      unit: "s",
      goal: null,
      better: "lower",
    },
    { name: "peak memory of both, sources included", value: at("peakMiB"), unit: "MiB", goal: null, better: "lower" },
  ];
}

function measure(): Fields {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "templates-process.ts")],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`Cannot make templates: ${stderr}`);
  const result: unknown = JSON.parse(stdout);
  return isFields(result) ? result : {};
}
