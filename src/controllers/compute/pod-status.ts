import { createHash } from "node:crypto";
import { simulatedCondition } from "./compute.ts";
import type { ContainerMoment } from "./container-life.ts";
import type { PodMoment } from "./play-pod.ts";
import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  conditionOf,
  isSidecar,
  type Pod,
  type PodCondition,
  type PodStatus,
  timeText,
} from "./pod.ts";
import type { Simulation } from "./simulation.ts";

type Place = { hostIp: string; podIp: string; startedMs: number };

/** The status that a kubelet would write of a pod at this moment of its life. */
export function statusOf(pod: Pod, moment: PodMoment, simulation: Simulation, place: Place, now: Date): PodStatus {
  const { spec } = pod;
  const initializing = moment.init.some(
    ({ state, ready }, index) => !(ready || (state === "running" && isSidecarAt(pod, index))),
  );
  const waiting = waitingReason(initializing, simulation);
  const initContainerStatuses = (spec.initContainers ?? []).map((container, index) =>
    containerStatus(pod, container, at(moment.init, index), waiting),
  );
  const containerStatuses = spec.containers.map((container, index) =>
    containerStatus(pod, container, at(moment.main, index), waiting),
  );
  const ephemeralContainerStatuses = (spec.ephemeralContainers ?? []).map((container) =>
    ephemeralStatus(pod, container, now),
  );
  const isTerminal = moment.phase === "Succeeded" || moment.phase === "Failed";
  // A pod has its address from the moment its sandbox is there.
  const address = place.podIp === "" ? {} : { podIP: place.podIp, podIPs: [{ ip: place.podIp }] };
  return {
    phase: moment.phase,
    ...moment.failure,
    conditions: conditions(pod, moment, initContainerStatuses, containerStatuses, isTerminal, timeText(now)),
    hostIP: place.hostIp,
    hostIPs: [{ ip: place.hostIp }],
    ...address,
    startTime: timeText(place.startedMs),
    ...(initContainerStatuses.length > 0 ? { initContainerStatuses } : {}),
    containerStatuses,
    ...(ephemeralContainerStatuses.length > 0 ? { ephemeralContainerStatuses } : {}),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
}

function isSidecarAt({ spec }: Pod, index: number): boolean {
  const container = spec.initContainers?.[index];
  return container !== undefined && isSidecar(container);
}

function at(moments: readonly ContainerMoment[], index: number): ContainerMoment {
  const moment = moments[index];
  if (moment === undefined) throw new Error(`Cannot show container ${index}: the life of the pod does not have it`);
  return moment;
}

function waitingReason(initializing: boolean, { imageMissing }: Simulation): { reason: string; message?: string } {
  if (imageMissing) return { reason: "ImagePullBackOff", message: "simulated: the image is missing" };
  return { reason: initializing ? "PodInitializing" : "ContainerCreating" };
}

function containerStatus(
  pod: Pod,
  container: Container,
  moment: ContainerMoment,
  waiting: { reason: string; message?: string },
): ContainerStatus {
  const { name, image = "" } = container;
  const id = containerId(pod, name, moment.restarts);
  const hasStarted = moment.state !== "waiting";
  const { requests, limits } = container.resources ?? {};
  // Empty, too: it says that the node can give a running container more, or less.
  const resources = { resources: { ...(limits && { limits }), ...(requests && { requests }) } };
  return {
    name,
    state: stateOf(pod, container, moment, waiting),
    lastState: lastStateOf(pod, container, moment),
    ready: moment.ready,
    started: moment.state === "running",
    restartCount: moment.restarts,
    image,
    imageID: hasStarted ? `simulated://${image}` : "",
    ...(hasStarted ? { containerID: id } : {}),
    ...(hasStarted && requests !== undefined ? { allocatedResources: requests } : {}),
    ...(hasStarted ? resources : {}),
  };
}

function stateOf(
  pod: Pod,
  container: Container,
  moment: ContainerMoment,
  waiting: { reason: string; message?: string },
): ContainerState {
  switch (moment.state) {
    case "waiting":
      return { waiting };
    case "running":
      return { running: { startedAt: timeText(moment.startedMs) } };
    case "ended":
      return { terminated: ending(pod, container, moment, moment.restarts) };
    case "crash-loop": {
      const who = `container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
      const wait = backOffText(moment.nextMs - moment.endedMs);
      return { waiting: { reason: "CrashLoopBackOff", message: `back-off ${wait} restarting failed ${who}` } };
    }
  }
}

/** Go's way to write a duration of whole seconds up to five minutes. */
function backOffText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function lastStateOf(pod: Pod, container: Container, moment: ContainerMoment): ContainerState {
  if (moment.state === "crash-loop") return { terminated: ending(pod, container, moment, moment.restarts) };
  if (moment.state !== "running" || moment.exitCode === undefined) return {};
  return { terminated: ending(pod, container, moment, moment.restarts - 1) };
}

function ending(pod: Pod, { name }: Container, moment: ContainerMoment, restarts: number) {
  const { exitCode = 0, previousMs, endedMs } = moment;
  return {
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    startedAt: timeText(previousMs),
    finishedAt: timeText(endedMs),
    containerID: containerId(pod, name, restarts),
  };
}

function ephemeralStatus(pod: Pod, { name, image = "" }: Container, now: Date): ContainerStatus {
  const before = pod.status?.ephemeralContainerStatuses?.find((status) => status.name === name);
  const startedAt = before?.state.running?.startedAt ?? timeText(now);
  return {
    name,
    state: { running: { startedAt } },
    lastState: {},
    ready: false,
    restartCount: 0,
    image,
    imageID: `simulated://${image}`,
    containerID: containerId(pod, name, 0),
  };
}

/** The same for the same container of the same pod, also after the process starts anew. */
function containerId({ metadata }: Pod, name: string, restarts: number): string {
  return `simulated://${createHash("sha256").update(`${metadata.uid} ${name} ${restarts}`).digest("hex")}`;
}

function conditions(
  pod: Pod,
  moment: PodMoment,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  isTerminal: boolean,
  now: string,
): PodCondition[] {
  const containersReady = containersReadyOf(pod, moment, init, main);
  return [
    // With all containers gone the sandbox goes too.
    condition(pod, { type: "PodReadyToStartContainers", status: isTerminal ? "False" : "True" }, now),
    condition(pod, initializedOf(pod, moment, init), now),
    condition(pod, readyOf(pod, containersReady), now),
    condition(pod, containersReady, now),
    // Whoever bound the pod has said it already, but not of which generation.
    condition(pod, { type: "PodScheduled", status: "True" }, now),
    playedCondition(pod, now),
  ];
}

/** Marks a pod whose life is only played. */
export function playedCondition(pod: Pod, now: string): PodCondition {
  return condition(pod, { type: simulatedCondition, status: "True", reason: "LifeCycleIsPlayed" }, now);
}

type Said = Pick<PodCondition, "type" | "status" | "reason" | "message">;

function condition(pod: Pod, said: Said, now: string): PodCondition {
  const before = conditionOf(pod, said.type);
  const lastTransitionTime = before?.status === said.status ? (before.lastTransitionTime ?? now) : now;
  const { generation } = pod.metadata;
  return {
    ...said,
    lastProbeTime: null,
    lastTransitionTime,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function initializedOf({ spec }: Pod, moment: PodMoment, init: readonly ContainerStatus[]): Said {
  const type = "Initialized";
  if (moment.phase === "Succeeded") return { type, status: "True", reason: "PodCompleted" };
  const hasBegun = moment.main.some(({ state }) => state !== "waiting");
  const incomplete = (spec.initContainers ?? []).flatMap((container, index) => {
    const status = init[index];
    const isDone = isSidecar(container) ? status?.started === true : status?.ready === true;
    return isDone ? [] : [container.name];
  });
  if (hasBegun || incomplete.length === 0) return { type, status: "True" };
  const message = `containers with incomplete status: [${incomplete.join(" ")}]`;
  return { type, status: "False", reason: "ContainersNotInitialized", message };
}

function containersReadyOf(
  { spec }: Pod,
  moment: PodMoment,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): Said {
  const type = "ContainersReady";
  if (moment.phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  if (moment.phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const sidecars = init.filter((_status, index) => {
    const container = spec.initContainers?.[index];
    return container !== undefined && isSidecar(container);
  });
  const unready = [...sidecars, ...main].filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { type, status: "True" };
  const message = `containers with unready status: [${unready.join(" ")}]`;
  return { type, status: "False", reason: "ContainersNotReady", message };
}

function readyOf(pod: Pod, containersReady: Said): Said {
  if (containersReady.status !== "True") return { ...containersReady, type: "Ready" };
  const missing = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = conditionOf(pod, conditionType);
    if (gate === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return gate.status === "True"
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (missing.length === 0) return { type: "Ready", status: "True" };
  return { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: missing.join(", ") };
}
