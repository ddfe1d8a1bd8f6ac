import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Machine, stateOf } from "./machine.ts";

/** Where processes of others can be looked at as these tests need it. */
export const processesSkip = process.platform === "linux" ? false : "needs /proc";

export type Process = { pid: number; parent: number; role: "platform" | "command" | "other"; command: string };

/** The living processes that were started on a machine, by whomever. */
export function processesOf({ home }: Machine): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const command = read(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim();
      const environment = read(`/proc/${name}/environ`);
      if (!command.includes(home) && !environment.includes(`HOME=${home}`)) return [];
      // Field 4 of stat; the name before it stands in brackets and may hold anything.
      const parent = Number(/^.*\) \S (\d+)/s.exec(read(`/proc/${name}/stat`))?.[1]);
      const ours = /\/(skiff\.js|src\/cli\/main\.ts)( |$)/.test(command);
      const role = !ours ? "other" : command.includes("--foreground") ? "platform" : "command";
      return [{ pid: Number(name), parent, role, command }];
    });
}

/** Processes that nobody on the machine looks after: neither the platform, nor started by it. */
export function strays(machine: Machine): string[] {
  const all = processesOf(machine);
  const platform = all.find(({ role }) => role === "platform");
  return all
    .filter((one) => one !== platform && (platform === undefined || one.parent !== platform.pid))
    .map(({ pid, command }) => `${pid} ${command}`);
}

/** Kills the platform as a crash or the kernel would: its process at once, and nothing that it has started. */
export function killPlatform(machine: Machine): void {
  process.kill(JSON.parse(readFileSync(join(stateOf(machine), "run.json"), "utf8")).pid, "SIGKILL");
}

/** How old a draft of a certificate must be until it is removed: another process may be writing it. */
const draftAgeMs = 60_000;

/** Files that interrupted work has left, and that nobody would ever remove. */
export function leftovers(machine: Machine): string[] {
  const platforms = dirname(stateOf(machine));
  const inside = readdirSync(platforms, { recursive: true, encoding: "utf8", withFileTypes: true });
  const beside = readdirSync(machine.home, { withFileTypes: true });
  return [...inside, ...beside]
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => /\.tmp$|\.lock$|\.new$|^tmp_|^\.tmp-|^fast_import_crash_|^\.deleted-/.test(basename(path)))
    .filter((path) => path !== join(stateOf(machine), "git/repositories/.new"))
    .filter((path) => !path.includes("/ca/") || Date.now() - changedMs(path) > draftAgeMs);
}

function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
}

/** Empty for what is gone or not ours. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
