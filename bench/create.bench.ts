import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Figure, median, round } from "./figure.ts";
import { benchPlatform, succeed } from "./platform.ts";

export const title = "skiff create, and the memory of an idle platform";

/** The first is left out: it makes keys and files. */
const rounds = 5;
/** How long after the last command memory is read. */
const settleMs = 10_000;

export async function run(): Promise<Figure[]> {
  await using platform = await benchPlatform();
  const flags = ["create", "--port", String(platform.port), "--package", "examples/stack", "--output", "json"];
  const first = await succeed(platform.skiff(...flags));
  const coreMs: number[] = [];
  const totalMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await succeed(platform.skiff("stop"));
    const { stdout, ms } = await succeed(platform.skiff(...flags));
    const finished = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
    coreMs.push(finished.readyMs);
    totalMs.push(ms);
  }
  await delay(settleMs);
  const status = readFileSync(`/proc/${platform.pid()}/status`, "utf8");
  const residentMiB = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  return [
    {
      name: "first create, example stack Synced and Healthy",
      value: round(first.ms / 1000),
      unit: "s",
      goal: null,
      better: "lower",
    },
    {
      name: "warm create to ready, command and stack included",
      value: round(median(totalMs) / 1000),
      unit: "s",
      goal: 2,
      better: "lower",
    },
    {
      name: "of it until the control plane answers",
      value: round(median(coreMs) / 1000),
      unit: "s",
      goal: 1,
      better: "lower",
    },
    {
      name: "resident memory, idle with the example stack",
      value: round(residentMiB),
      unit: "MiB",
      goal: 150,
      better: "lower",
    },
  ];
}
