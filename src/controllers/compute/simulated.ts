import type { AssignedPod, Compute, PodEvent, PodState } from "./compute.ts";
import { podAt, type Stop } from "./play-pod.ts";
import { isSidecar, isTerminal, type Pod } from "./pod.ts";
import { statusOf } from "./pod-status.ts";
import { parseSimulation, type Simulation, simulateAnnotation, usualSimulation } from "./simulation.ts";

/** What is known of a pod beyond its object; times in milliseconds since the epoch. */
type Life = { startedMs: number; stoppingMs?: number; told?: string };

/** Exit codes of what ends on SIGTERM without handling it, and of what has to be killed. */
const terminated = 143;
const killed = 137;

/** Plays the life of pods in time, as KWOK does: nothing runs. */
export function createSimulatedCompute(): Compute {
  const lives = new Map<string, Life>();

  return {
    mode: "simulated",
    async sync(assigned, now) {
      const { pod } = assigned;
      if (isTerminal(pod)) return pod.metadata.deletionTimestamp === undefined ? {} : { ended: true };
      const { uid = "" } = pod.metadata;
      const life = lives.get(uid) ?? { startedMs: startTimeOf(pod) ?? now.getTime() };
      lives.set(uid, life);
      if (pod.metadata.deletionTimestamp !== undefined) life.stoppingMs ??= now.getTime();
      const { simulation, events } = simulationOf(pod, life);
      return { ...playAt(assigned, simulation, life, now), ...(events.length > 0 ? { events } : {}) };
    },
    forget(uid) {
      lives.delete(uid);
    },
    async [Symbol.asyncDispose]() {
      lives.clear();
    },
  };
}

/** What the pod is like now, as a function of what is known. */
function playAt(assigned: AssignedPod, simulation: Simulation, life: Life, now: Date): PodState {
  const { pod, hostIp, podIp } = assigned;
  // Times in objects are whole seconds. Played from the whole second on, a life goes on the same after a restart.
  const startedMs = Math.floor(life.startedMs / 1000) * 1000;
  const aheadMs = life.startedMs - startedMs;
  const nowMs = now.getTime() - aheadMs;
  const stop = stopOf(
    pod,
    simulation,
    startedMs,
    life.stoppingMs === undefined ? undefined : life.stoppingMs - aheadMs,
  );
  const moment = podAt(pod, simulation, startedMs, nowMs, stop);
  const status = statusOf(pod, moment, simulation, { hostIp, podIp, startedMs }, now);
  const isOver = moment.phase === "Succeeded" || moment.phase === "Failed";
  const ended = isOver && pod.metadata.deletionTimestamp !== undefined;
  const afterMs = Number.isFinite(moment.nextMs) ? Math.max(1, Math.ceil(moment.nextMs - nowMs)) : undefined;
  return { status, ...(ended ? { ended } : {}), ...(afterMs === undefined ? {} : { afterMs }) };
}

function startTimeOf(pod: Pod): number | undefined {
  // A node that did not run the pod may have left a status, but no start.
  const text = pod.status?.startTime;
  return text === undefined ? undefined : Date.parse(text);
}

function stopOf(pod: Pod, simulation: Simulation, startedMs: number, stoppingMs: number | undefined): Stop | undefined {
  const deletion = stoppingMs === undefined ? undefined : deletionStop(pod, simulation, stoppingMs);
  const { activeDeadlineSeconds } = pod.spec;
  if (activeDeadlineSeconds === undefined) return deletion;
  const deadline: Stop = {
    atMs: startedMs + activeDeadlineSeconds * 1000,
    exitCode: killed,
    failure: { reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline" },
  };
  return deletion !== undefined && deletion.atMs < deadline.atMs ? deletion : deadline;
}

/** Servers end in order when they are asked to; what has a task to do does not get to its end. */
function deletionStop(pod: Pod, { stopMs }: Simulation, stoppingMs: number): Stop {
  const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  const neededMs = hookMs(pod) + stopMs;
  const exitCode = neededMs > graceMs ? killed : pod.spec.restartPolicy === "Always" ? 0 : terminated;
  return { atMs: stoppingMs + Math.min(neededMs, graceMs), exitCode };
}

/** How long the containers sleep before they are asked to end. What other hooks do nobody knows. */
function hookMs({ spec }: Pod): number {
  const containers = [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)];
  return Math.max(...containers.map(({ lifecycle }) => (lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000));
}

function simulationOf(pod: Pod, life: Life): { simulation: Simulation; events: PodEvent[] } {
  const { annotations, ownerReferences = [] } = pod.metadata;
  // Helm waits for the end of its hooks, tests among them.
  const isAwaited =
    annotations?.["helm.sh/hook"] !== undefined ||
    ownerReferences.some(({ kind, controller }) => kind === "Job" && controller === true);
  const isTask = pod.spec.restartPolicy !== "Always" && isAwaited;
  const text = annotations?.[simulateAnnotation] ?? "";
  const { simulation, unknown } = parseSimulation(text, usualSimulation(isTask));
  if (unknown.length === 0 || life.told === text) return { simulation, events: [] };
  life.told = text;
  const message = `Cannot read ${unknown.map((piece) => JSON.stringify(piece)).join(", ")} in annotation ${simulateAnnotation}: use pieces like fail, start=2s, ready=never, run=10s, exit=1, stop=5s, image=missing`;
  return { simulation, events: [{ type: "Warning", reason: "InvalidSimulation", message }] };
}
