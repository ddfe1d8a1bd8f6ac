/** The annotation on a pod, usually through its template, that says how its life goes. */
export const simulateAnnotation = "skiff.dev/simulate";

/** How the life of a simulated pod goes; times in milliseconds, `Infinity` is never. */
export type Simulation = {
  /** From being assigned to a node until the first container starts. */
  startMs: number;
  /** How long each init container runs. */
  initMs: number;
  /** From the start of a container until it is ready. */
  readyMs: number;
  /** How long the containers run. */
  runMs: number;
  /** With what they end. */
  exitCode: number;
  /** How long they take to end once they are asked to. */
  stopMs: number;
  /** The image cannot be pulled. */
  imageMissing: boolean;
};

/** Long enough for a watcher to see `ContainerCreating`, short enough not to be waited for. */
const startMs = 100;
const initMs = 100;
const stopMs = 100;
/** How long the containers of a Job's pod run before they succeed. */
const taskMs = 1000;

/** What an image that does its work would do. @param isTask its containers end by themselves, as those of a Job */
export function usualSimulation(isTask: boolean): Simulation {
  const runMs = isTask ? taskMs : Number.POSITIVE_INFINITY;
  return { startMs, initMs, readyMs: 0, runMs, exitCode: 0, stopMs, imageMissing: false };
}

/**
 * Reads `fail`, `start=2s, run=10s, exit=1`, `ready=never`, `image=missing`: pieces with commas between them. `fail` is short
 * for `exit=1` with `run=1s`.
 *
 * @returns the simulation, and the pieces that say nothing
 */
export function parseSimulation(text: string, usual: Simulation): { simulation: Simulation; unknown: string[] } {
  const simulation = { ...usual };
  const unknown: string[] = [];
  for (const piece of text.split(",").map((part) => part.trim())) {
    if (piece !== "" && !readPiece(piece, simulation)) unknown.push(piece);
  }
  return { simulation, unknown };
}

const durations = { start: "startMs", init: "initMs", ready: "readyMs", run: "runMs", stop: "stopMs" } as const;
/** What an exit code can be. */
const exitCodeMax = 255;

function readPiece(piece: string, simulation: Simulation): boolean {
  const [key = "", value] = piece.split("=").map((part) => part.trim());
  if (piece === "fail") {
    Object.assign(simulation, { runMs: Math.min(simulation.runMs, taskMs), exitCode: 1 });
    return true;
  }
  if (piece === "succeed") {
    Object.assign(simulation, { runMs: Math.min(simulation.runMs, taskMs), exitCode: 0 });
    return true;
  }
  if (key === "image" && value === "missing") {
    simulation.imageMissing = true;
    return true;
  }
  if (key === "exit" && /^\d{1,3}$/.test(value ?? "") && Number(value) <= exitCodeMax) {
    simulation.exitCode = Number(value);
    return true;
  }
  const field = Object.hasOwn(durations, key) ? durations[key as keyof typeof durations] : undefined;
  const ms = durationMs(value ?? "");
  if (field === undefined || ms === undefined) return false;
  simulation[field] = ms;
  return true;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function durationMs(text: string): number | undefined {
  if (text === "never" || text === "forever") return Number.POSITIVE_INFINITY;
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unitMs[unit] ?? 1);
}
