import { type ContainerMoment, containerAt } from "./container-life.ts";
import { isSidecar, type Pod } from "./pod.ts";
import type { Simulation } from "./simulation.ts";

/** A pod at one moment of its life. Containers are in the order of the spec. */
export type PodMoment = {
  phase: "Pending" | "Running" | "Succeeded" | "Failed";
  /** Why it failed as a whole, and not just one of its containers. */
  failure?: { reason: string; message: string };
  init: readonly ContainerMoment[];
  main: readonly ContainerMoment[];
  nextMs: number;
};

/** When a pod is to end, and what for. */
export type Stop = { atMs: number; exitCode: number; failure?: { reason: string; message: string } };

const never = Number.POSITIVE_INFINITY;

/**
 * Where a pod is in its life: init containers run one after the other, sidecars from their turn on, the others together.
 *
 * @param fromMs when its node took it
 */
export function podAt(pod: Pod, simulation: Simulation, fromMs: number, nowMs: number, stop?: Stop): PodMoment {
  const { spec } = pod;
  const stopped = stop !== undefined && nowMs >= stop.atMs;
  const atMs = stopped ? stop.atMs : nowMs;
  const restarts = (exitCode: number) =>
    spec.restartPolicy !== "Never" && (spec.restartPolicy !== "OnFailure" || exitCode !== 0);
  let turnMs = simulation.imageMissing ? never : fromMs + simulation.startMs;
  const init: ContainerMoment[] = [];
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) {
      init.push(containerAt(atMs, turnMs, { ...simulation, runMs: never }, () => true));
    } else {
      const moment = containerAt(atMs, turnMs, { runMs: simulation.initMs, readyMs: never, exitCode: 0 }, () => false);
      init.push(moment.state === "ended" ? { ...moment, ready: true } : moment);
      turnMs += simulation.initMs;
    }
  }
  const main = spec.containers.map(() => containerAt(atMs, turnMs, simulation, restarts));
  const isDone = main.every(({ state }) => state === "ended");
  const all = [...init, ...main];
  if (!stopped && !isDone) {
    const phase = main.every(({ state }) => state === "waiting") ? "Pending" : "Running";
    return { phase, init, main, nextMs: Math.min(stop?.atMs ?? never, ...all.map(({ nextMs }) => nextMs)) };
  }
  const endMs = isDone ? Math.max(...main.map(({ endedMs }) => endedMs)) : atMs;
  const exitCode = isDone ? 0 : (stop?.exitCode ?? 0);
  const end = (moment: ContainerMoment): ContainerMoment => {
    const isRunning = moment.state === "running";
    return isRunning
      ? {
          ...moment,
          state: "ended",
          endedMs: endMs,
          previousMs: moment.startedMs,
          exitCode,
          ready: false,
          nextMs: never,
        }
      : { ...moment, nextMs: never };
  };
  const endedMain = main.map(end);
  const hasFailed = endedMain.some((moment) => moment.state !== "ended" || (moment.exitCode ?? 0) !== 0);
  const failure = isDone ? undefined : stop?.failure;
  return {
    phase: hasFailed || failure !== undefined ? "Failed" : "Succeeded",
    ...(failure === undefined ? {} : { failure }),
    init: init.map(end),
    main: endedMain,
    nextMs: never,
  };
}
