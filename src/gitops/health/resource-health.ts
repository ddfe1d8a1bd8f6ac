import { type KubeObject, listAt, numberAt, textAt, valueAt } from "../../apimachinery/index.ts";
import type { HealthStatusCode } from "../../apis/index.ts";
import { groupOf } from "../object/key.ts";
import { hasHookFinalizer, isHook } from "../object/sync-annotations.ts";

export type ResourceHealth = { status: HealthStatusCode; message: string };

/**
 * The health of a live object, in the words of Argo CD's built-in checks.
 *
 * @returns `undefined` for kinds that have no health, like ConfigMaps
 */
export function resourceHealth(object: KubeObject): ResourceHealth | undefined {
  if (object.metadata.deletionTimestamp !== undefined && !hasHookFinalizer(object)) {
    return progressing("Pending deletion");
  }
  return checks[`${groupOf(object)}/${object.kind}`]?.(object);
}

type Check = (object: KubeObject) => ResourceHealth;

const checks: Readonly<Record<string, Check>> = {
  "/Pod": podHealth,
  "/Service": serviceHealth,
  "/PersistentVolumeClaim": claimHealth,
  "apps/Deployment": deploymentHealth,
  "apps/StatefulSet": statefulSetHealth,
  "apps/ReplicaSet": replicaSetHealth,
  "apps/DaemonSet": daemonSetHealth,
  "batch/Job": jobHealth,
  "autoscaling/HorizontalPodAutoscaler": autoscalerHealth,
  "networking.k8s.io/Ingress": ingressHealth,
  "extensions/Ingress": ingressHealth,
  "apiregistration.k8s.io/APIService": apiServiceHealth,
  "apiextensions.k8s.io/CustomResourceDefinition": crdHealth,
  "argoproj.io/Workflow": workflowHealth,
  "argoproj.io/Application": applicationHealth,
  "argoproj.io/ApplicationSet": applicationSetHealth,
};

function healthy(message = ""): ResourceHealth {
  return { status: "Healthy", message };
}

function progressing(message = ""): ResourceHealth {
  return { status: "Progressing", message };
}

function degraded(message = ""): ResourceHealth {
  return { status: "Degraded", message };
}

type ObjectCondition = { type: string; status: string; reason: string; message: string };

function conditionsOf(object: unknown, ...path: string[]): ObjectCondition[] {
  return listAt(object, ...path).map((condition) => ({
    type: textAt(condition, "type"),
    status: textAt(condition, "status"),
    reason: textAt(condition, "reason"),
    message: textAt(condition, "message"),
  }));
}

/** Whether the controller of a workload has seen the newest spec. */
function isObserved(object: KubeObject): boolean {
  return (object.metadata.generation ?? 0) <= numberAt(object, ["status", "observedGeneration"]);
}

function deploymentHealth(object: KubeObject): ResourceHealth {
  if (valueAt(object, "spec", "paused") === true) return { status: "Suspended", message: "Deployment is paused" };
  if (!isObserved(object)) {
    return progressing("Waiting for rollout to finish: observed deployment generation less than desired generation");
  }
  const conditions = conditionsOf(object, "status", "conditions");
  if (conditions.find(({ type }) => type === "Progressing")?.reason === "ProgressDeadlineExceeded") {
    return degraded(`Deployment "${object.metadata.name}" exceeded its progress deadline`);
  }
  const wanted = valueAt(object, "spec", "replicas");
  const replicas = numberAt(object, ["status", "replicas"]);
  const updated = numberAt(object, ["status", "updatedReplicas"]);
  const available = numberAt(object, ["status", "availableReplicas"]);
  const waiting = (what: string) => progressing(`Waiting for rollout to finish: ${what}...`);
  if (typeof wanted === "number" && updated < wanted) {
    return waiting(`${updated} out of ${wanted} new replicas have been updated`);
  }
  if (replicas > updated) return waiting(`${replicas - updated} old replicas are pending termination`);
  if (available < updated) return waiting(`${available} of ${updated} updated replicas are available`);
  return healthy();
}

function replicaSetHealth(object: KubeObject): ResourceHealth {
  if (!isObserved(object)) {
    return progressing("Waiting for rollout to finish: observed replica set generation less than desired generation");
  }
  const failure = conditionsOf(object, "status", "conditions").find(({ type }) => type === "ReplicaFailure");
  if (failure?.status === "True") return degraded(failure.message);
  const wanted = valueAt(object, "spec", "replicas");
  const available = numberAt(object, ["status", "availableReplicas"]);
  if (typeof wanted === "number" && available < wanted) {
    return progressing(`Waiting for rollout to finish: ${available} out of ${wanted} new replicas are available...`);
  }
  return healthy();
}

function statefulSetHealth(object: KubeObject): ResourceHealth {
  if (numberAt(object, ["status", "observedGeneration"]) === 0 || !isObserved(object)) {
    return progressing("Waiting for statefulset spec update to be observed...");
  }
  const wanted = valueAt(object, "spec", "replicas");
  const ready = numberAt(object, ["status", "readyReplicas"]);
  const updated = numberAt(object, ["status", "updatedReplicas"]);
  if (typeof wanted === "number" && ready < wanted) {
    return progressing(`Waiting for ${wanted - ready} pods to be ready...`);
  }
  const strategy = textAt(object, "spec", "updateStrategy", "type");
  if (strategy === "RollingUpdate" && valueAt(object, "spec", "updateStrategy", "rollingUpdate") !== undefined) {
    const partition = valueAt(object, "spec", "updateStrategy", "rollingUpdate", "partition");
    if (typeof wanted === "number" && typeof partition === "number" && updated < wanted - partition) {
      const rest = wanted - partition;
      return progressing(
        `Waiting for partitioned roll out to finish: ${updated} out of ${rest} new pods have been updated...`,
      );
    }
    return healthy(`partitioned roll out complete: ${updated} new pods have been updated...`);
  }
  if (strategy === "OnDelete") return healthy(`statefulset has ${ready} ready pods`);
  const updateRevision = textAt(object, "status", "updateRevision");
  const currentRevision = textAt(object, "status", "currentRevision");
  if (updateRevision !== currentRevision) {
    return progressing(
      `waiting for statefulset rolling update to complete ${updated} pods at revision ${updateRevision}...`,
    );
  }
  const current = numberAt(object, ["status", "currentReplicas"]);
  return healthy(`statefulset rolling update complete ${current} pods at revision ${currentRevision}...`);
}

function daemonSetHealth(object: KubeObject): ResourceHealth {
  if (!isObserved(object)) {
    return progressing("Waiting for rollout to finish: observed daemon set generation less than desired generation");
  }
  const wanted = numberAt(object, ["status", "desiredNumberScheduled"]);
  const updated = numberAt(object, ["status", "updatedNumberScheduled"]);
  const available = numberAt(object, ["status", "numberAvailable"]);
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") {
    return healthy(`daemon set ${updated} out of ${wanted} new pods have been updated`);
  }
  const rollout = `Waiting for daemon set "${object.metadata.name}" rollout to finish`;
  if (updated < wanted) return progressing(`${rollout}: ${updated} out of ${wanted} new pods have been updated...`);
  if (available < wanted) return progressing(`${rollout}: ${available} of ${wanted} updated pods are available...`);
  return healthy();
}

function jobHealth(object: KubeObject): ResourceHealth {
  const conditions = conditionsOf(object, "status", "conditions");
  const failed = conditions.findLast(({ type }) => type === "Failed");
  if (failed !== undefined) return degraded(failed.message);
  const ended = conditions.findLast(({ type }) => type === "Complete" || type === "Suspended");
  if (ended === undefined) return progressing();
  const suspended = conditions.some(({ type, status }) => type === "Suspended" && status === "True");
  return { status: suspended ? "Suspended" : "Healthy", message: ended.message };
}

function podHealth(object: KubeObject): ResourceHealth {
  const message = textAt(object, "status", "message");
  const containers = listAt(object, "status", "containerStatuses");
  const restarts = restartsForever(object);
  if (restarts) {
    const stuck = containers.filter((container) => isStuck(textAt(container, "state", "waiting", "reason")));
    if (stuck.length > 0) {
      return degraded(stuck.map((container) => textAt(container, "state", "waiting", "message")).join(", "));
    }
  }
  switch (textAt(object, "status", "phase")) {
    case "Pending":
      return progressing(message);
    case "Succeeded":
      return healthy(message);
    case "Failed": {
      const all = [...listAt(object, "status", "initContainerStatuses"), ...containers];
      return degraded(message || (all.map(failureOf).find((failure) => failure !== "") ?? ""));
    }
    case "Running": {
      if (!restarts) return progressing(message);
      const ready = conditionsOf(object, "status", "conditions").find(({ type }) => type === "Ready");
      if (ready?.status === "True") return healthy(message);
      const crashed = containers.some((container) => valueAt(container, "lastState", "terminated") !== undefined);
      return crashed ? degraded(message) : progressing(message);
    }
    default:
      return { status: "Unknown", message };
  }
}

function restartsForever(pod: KubeObject): boolean {
  if (textAt(pod, "spec", "restartPolicy") === "Always") return true;
  return pod.metadata.annotations?.["argocd.argoproj.io/ignore-restart-policy"] === "true" && !isHook(pod);
}

function isStuck(reason: string): boolean {
  return reason.startsWith("Err") || reason.endsWith("Error") || reason.endsWith("BackOff");
}

function failureOf(container: unknown): string {
  const reason = textAt(container, "state", "terminated", "reason");
  const message = textAt(container, "state", "terminated", "message");
  const exitCode = numberAt(container, ["state", "terminated", "exitCode"]);
  if (message !== "") return message;
  if (reason === "OOMKilled") return reason;
  return exitCode === 0 ? "" : `container "${textAt(container, "name")}" failed with exit code ${exitCode}`;
}

function serviceHealth(object: KubeObject): ResourceHealth {
  if (textAt(object, "spec", "type") !== "LoadBalancer") return healthy();
  return listAt(object, "status", "loadBalancer", "ingress").length > 0 ? healthy() : progressing();
}

function ingressHealth(object: KubeObject): ResourceHealth {
  return listAt(object, "status", "loadBalancer", "ingress").length > 0 ? healthy() : progressing();
}

function claimHealth(object: KubeObject): ResourceHealth {
  switch (textAt(object, "status", "phase")) {
    case "Lost":
      return degraded();
    case "Pending":
      return progressing();
    case "Bound":
      return healthy();
    default:
      return { status: "Unknown", message: "" };
  }
}

/** Conditions by type and reason that mean that an autoscaler cannot work; the facts are Argo CD's. */
const autoscalerFailures = new Set([
  "AbleToScale/FailedGetScale",
  "AbleToScale/FailedUpdateScale",
  "ScalingActive/FailedGetResourceMetric",
  "ScalingActive/FailedGetObjectMetric",
  "ScalingActive/FailedGetPodsMetric",
  "ScalingActive/FailedGetExternalMetric",
  "ScalingActive/FailedComputeMetricsReplicas",
  "ScalingActive/InvalidSelector",
]);

function autoscalerHealth(object: KubeObject): ResourceHealth {
  const conditions = autoscalerConditions(object);
  const failure = conditions.find(({ type, reason }) => autoscalerFailures.has(`${type}/${reason}`));
  if (failure !== undefined) return degraded(failure.message);
  const able = conditions.find(({ type, status }) => isAble(type) && status === "True");
  return able === undefined ? progressing("Waiting to Autoscale") : healthy(able.message);
}

function isAble(type: string): boolean {
  return type === "AbleToScale" || type === "ScalingLimited";
}

/** Version 1 has no conditions in its status; its controller writes them into an annotation. */
function autoscalerConditions(object: KubeObject): ObjectCondition[] {
  if (object.apiVersion !== "autoscaling/v1") return conditionsOf(object, "status", "conditions");
  const text = object.metadata.annotations?.["autoscaling.alpha.kubernetes.io/conditions"];
  if (text === undefined) return [];
  try {
    return conditionsOf({ conditions: JSON.parse(text) }, "conditions");
  } catch {
    return [];
  }
}

function apiServiceHealth(object: KubeObject): ResourceHealth {
  const available = conditionsOf(object, "status", "conditions").find(({ type }) => type === "Available");
  if (available === undefined) return progressing("Waiting to be processed");
  const message = `${available.reason}: ${available.message}`;
  return available.status === "True" ? healthy(message) : progressing(message);
}

function crdHealth(object: KubeObject): ResourceHealth {
  const conditions = conditionsOf(object, "status", "conditions");
  const having = (type: string, status: string) => conditions.find((one) => one.type === type && one.status === status);
  if (conditions.length === 0) return progressing("Status conditions not found");
  const terminating = having("Terminating", "True");
  if (terminating !== undefined) return progressing(`CRD is terminating: ${terminating.message}`);
  const refused = having("NamesAccepted", "False");
  if (refused !== undefined) return degraded(`CRD names have not been accepted: ${refused.message}`);
  const violated = having("NonStructuralSchema", "True");
  if (violated !== undefined) return degraded(`Schema violations found: ${violated.message}`);
  if (having("Established", "True") !== undefined) return healthy("CRD is healthy");
  const installing = conditions.some(({ type, reason }) => type === "Established" && reason === "Installing");
  return installing ? progressing("CRD is being installed") : degraded("CRD is not established");
}

function workflowHealth(object: KubeObject): ResourceHealth {
  const message = textAt(object, "status", "message");
  switch (textAt(object, "status", "phase")) {
    case "":
    case "Pending":
    case "Running":
      return progressing(message);
    case "Succeeded":
      return healthy(message);
    case "Failed":
    case "Error":
      return degraded(message);
    default:
      return { status: "Unknown", message };
  }
}

/** An application is as healthy as what it deploys; so an app of apps waits for its children wave by wave. */
function applicationHealth(object: KubeObject): ResourceHealth {
  const status = textAt(object, "status", "health", "status");
  const message = textAt(object, "status", "health", "message");
  return isHealthStatus(status) ? { status, message } : progressing("");
}

const severity: readonly HealthStatusCode[] = ["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"];

function isHealthStatus(text: string): text is HealthStatusCode {
  return severity.some((status) => status === text);
}

function applicationSetHealth(object: KubeObject): ResourceHealth {
  const conditions = conditionsOf(object, "status", "conditions");
  const having = (type: string, status: string) => conditions.find((one) => one.type === type && one.status === status);
  const failed = having("ErrorOccurred", "True") ?? having("ResourcesUpToDate", "False");
  if (failed !== undefined) return degraded(failed.message);
  const rolling = having("RolloutProgressing", "True");
  if (rolling !== undefined) return progressing(rolling.message);
  const done = having("ResourcesUpToDate", "True");
  return done === undefined ? progressing("Waiting for the status to be reported") : healthy(done.message);
}

/** Whether the second health is worse than the first. */
export function isWorse(than: HealthStatusCode, health: HealthStatusCode): boolean {
  return severity.indexOf(health) > severity.indexOf(than);
}
