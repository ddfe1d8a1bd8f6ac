import {
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  textAt,
  valueAt,
} from "../../../apimachinery/index.ts";
import {
  ageOf,
  conditionOf,
  containersOf,
  humanDuration,
  isDeleting,
  labelsText,
  nameOf,
  none,
  selectorText,
  shorten,
  since,
  unknown,
  unset,
  type View,
} from "./text.ts";

const count = (object: Fields, ...path: string[]): number => numberAt(object, path);
const template = (object: Fields): unknown => valueAt(object, "spec", "template");
const selector = (object: Fields): string => selectorText(valueAt(object, "spec", "selector")) || none;

/** Workloads by kind. */
export const workloadViews: Record<string, View> = {
  Pod: {
    columns: "Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*",
    row: (pod, now) => {
      const { ready, total, reason, restarts } = podState(pod, now);
      return [
        nameOf(pod),
        `${ready}/${total}`,
        reason,
        restarts,
        ageOf(pod, now),
        textAt(itemsAt(pod, "status", "podIPs")[0], "ip") || none,
        textAt(pod, "spec", "nodeName") || none,
        textAt(pod, "status", "nominatedNodeName") || none,
        readinessGates(pod),
      ];
    },
  },
  PodTemplate: {
    columns: "Name|Containers|Images|Pod Labels",
    row: (object) => [
      nameOf(object),
      ...containersOf(object["template"]),
      labelsText(valueAt(object, "template", "metadata", "labels")),
    ],
  },
  ReplicationController: {
    columns: "Name|#Desired|#Current|#Ready|Age|Containers*|Images*|Selector*",
    row: (object, now) => [...replicaCells(object, now), labelsText(valueAt(object, "spec", "selector"))],
  },
  "apps/ControllerRevision": {
    columns: "Name|Controller|Revision|Age",
    row: (object, now) => [nameOf(object), controllerOf(object), count(object, "revision"), ageOf(object, now)],
  },
  "apps/DaemonSet": {
    columns: "Name|#Desired|#Current|#Ready|#Up-to-date|#Available|Node Selector|Age|Containers*|Images*|Selector*",
    row: (object, now) => [
      nameOf(object),
      count(object, "status", "desiredNumberScheduled"),
      count(object, "status", "currentNumberScheduled"),
      count(object, "status", "numberReady"),
      count(object, "status", "updatedNumberScheduled"),
      count(object, "status", "numberAvailable"),
      labelsText(valueAt(template(object), "spec", "nodeSelector")),
      ageOf(object, now),
      ...containersOf(template(object)),
      selector(object),
    ],
  },
  "apps/Deployment": {
    columns: "Name|Ready|#Up-to-date|#Available|Age|Containers*|Images*|Selector*",
    row: (object, now) => [
      nameOf(object),
      `${count(object, "status", "readyReplicas")}/${count(object, "spec", "replicas")}`,
      count(object, "status", "updatedReplicas"),
      count(object, "status", "availableReplicas"),
      ageOf(object, now),
      ...containersOf(template(object)),
      selectorText(valueAt(object, "spec", "selector")),
    ],
  },
  "apps/ReplicaSet": {
    columns: "Name|#Desired|#Current|#Ready|Age|Containers*|Images*|Selector*",
    row: (object, now) => [...replicaCells(object, now), selector(object)],
  },
  "apps/StatefulSet": {
    columns: "Name|Ready|Age|Containers*|Images*",
    row: (object, now) => [
      nameOf(object),
      `${count(object, "status", "readyReplicas")}/${count(object, "spec", "replicas")}`,
      ageOf(object, now),
      ...containersOf(template(object)),
    ],
  },
  "autoscaling/HorizontalPodAutoscaler": {
    columns: "Name|Reference|Targets|MinPods|MaxPods|Replicas|Age",
    row: (object, now) => [
      nameOf(object),
      `${textAt(object, "spec", "scaleTargetRef", "kind")}/${textAt(object, "spec", "scaleTargetRef", "name")}`,
      metricsText(object),
      String(valueAt(object, "spec", "minReplicas") ?? unset),
      count(object, "spec", "maxReplicas"),
      count(object, "status", "currentReplicas"),
      ageOf(object, now),
    ],
  },
  "autoscaling/Scale": {
    columns: "Name|#Desired|#Available|Age",
    row: (object, now) => [
      nameOf(object),
      count(object, "spec", "replicas"),
      count(object, "status", "replicas"),
      ageOf(object, now),
    ],
  },
  "batch/CronJob": {
    columns: "Name|Schedule|Timezone|Suspend|#Active|Last Schedule|Age|Containers*|Images*|Selector*",
    row: (object, now) => {
      const jobSpec = fieldsAt(object, "spec", "jobTemplate", "spec");
      const last = textAt(object, "status", "lastScheduleTime");
      const suspend = valueAt(object, "spec", "suspend");
      return [
        nameOf(object),
        textAt(object, "spec", "schedule"),
        textAt(object, "spec", "timeZone") || none,
        suspend === undefined ? unset : suspend === true ? "True" : "False",
        listAt(object, "status", "active").length,
        last === "" ? none : since(last, now),
        ageOf(object, now),
        ...containersOf(jobSpec["template"]),
        selectorText(jobSpec["selector"]) || none,
      ];
    },
  },
  "batch/Job": {
    columns: "Name|Status|Completions|Duration|Age|Containers*|Images*|Selector*",
    row: (object, now) => [
      nameOf(object),
      jobStatus(object),
      jobCompletions(object),
      jobDuration(object, now),
      ageOf(object, now),
      ...containersOf(template(object)),
      selector(object),
    ],
  },
  "policy/PodDisruptionBudget": {
    columns: "Name|Min Available|Max Unavailable|#Allowed Disruptions|Age",
    row: (object, now) => [
      nameOf(object),
      String(valueAt(object, "spec", "minAvailable") ?? "N/A"),
      String(valueAt(object, "spec", "maxUnavailable") ?? "N/A"),
      count(object, "status", "disruptionsAllowed"),
      ageOf(object, now),
    ],
  },
};

function replicaCells(object: Fields, now: Date): [string, number, number, number, string, string, string] {
  return [
    nameOf(object),
    count(object, "spec", "replicas"),
    count(object, "status", "replicas"),
    count(object, "status", "readyReplicas"),
    ageOf(object, now),
    ...containersOf(template(object)),
  ];
}

function controllerOf(object: Fields): string {
  const owner = itemsAt(object, "metadata", "ownerReferences").find((one) => one["controller"] === true);
  if (owner === undefined) return none;
  const [group, version] = textAt(owner, "apiVersion").split("/");
  const kind = version === undefined ? textAt(owner, "kind") : `${textAt(owner, "kind")}.${group}`;
  return `${kind.toLowerCase()}/${textAt(owner, "name")}`;
}

type PodState = { ready: number; total: number; reason: string; restarts: string };

/** What one word says of a pod: its phase, or rather why it is not further. */
function podState(pod: Fields, now: Date): PodState {
  const sidecars = new Set(
    itemsAt(pod, "spec", "initContainers")
      .filter((one) => one["restartPolicy"] === "Always")
      .map((one) => one["name"]),
  );
  const gated = conditionOf(pod, "PodScheduled")?.["reason"] === "SchedulingGated";
  const state = {
    ready: 0,
    reason: gated ? "SchedulingGated" : textAt(pod, "status", "reason") || textAt(pod, "status", "phase"),
  };
  const started = initReason(pod, sidecars, state);
  let counted = itemsAt(pod, "status", "initContainerStatuses");
  if (started || conditionOf(pod, "Initialized")?.["status"] === "True") {
    mainReason(pod, state);
    counted = [...counted.filter((one) => sidecars.has(one["name"])), ...itemsAt(pod, "status", "containerStatuses")];
  }
  const ended = ["Failed", "Succeeded"].includes(textAt(pod, "status", "phase"));
  if (isDeleting(pod)) {
    if (textAt(pod, "status", "reason") === "NodeLost") state.reason = "Unknown";
    else if (!ended) state.reason = "Terminating";
  }
  const total = itemsAt(pod, "spec", "containers").length + sidecars.size;
  return { ...state, total, restarts: restartsText(counted, now) };
}

/** @returns whether the main containers have their turn */
function initReason(pod: Fields, sidecars: ReadonlySet<unknown>, state: { ready: number; reason: string }): boolean {
  const total = itemsAt(pod, "spec", "initContainers").length;
  for (const [index, status] of itemsAt(pod, "status", "initContainerStatuses").entries()) {
    const { terminated, waiting } = fieldsAt(status, "state");
    if (isFields(terminated) && count(terminated, "exitCode") === 0) continue;
    if (sidecars.has(status["name"]) && status["started"] === true) {
      if (status["ready"] === true) state.ready++;
      continue;
    }
    const waits = textAt(waiting, "reason");
    if (isFields(terminated)) state.reason = `Init:${terminationReason(terminated)}`;
    else if (waits !== "" && waits !== "PodInitializing") state.reason = `Init:${waits}`;
    else state.reason = `Init:${index}/${total}`;
    return false;
  }
  return true;
}

function mainReason(pod: Fields, state: { ready: number; reason: string }): void {
  let running = false;
  for (const status of itemsAt(pod, "status", "containerStatuses").toReversed()) {
    const { terminated, waiting, running: runs } = fieldsAt(status, "state");
    if (textAt(waiting, "reason") !== "") state.reason = textAt(waiting, "reason");
    else if (isFields(terminated)) state.reason = terminationReason(terminated);
    else if (status["ready"] === true && isFields(runs)) {
      running = true;
      state.ready++;
    }
  }
  if (state.reason !== "Completed" || !running) return;
  state.reason = conditionOf(pod, "Ready")?.["status"] === "True" ? "Running" : "NotReady";
}

function terminationReason(terminated: Fields): string {
  const reason = textAt(terminated, "reason");
  if (reason !== "") return reason;
  const signal = count(terminated, "signal");
  return signal === 0 ? `ExitCode:${count(terminated, "exitCode")}` : `Signal:${signal}`;
}

function restartsText(statuses: Fields[], now: Date): string {
  const restarts = statuses.reduce((sum, status) => sum + count(status, "restartCount"), 0);
  const last =
    statuses
      .map((status) => textAt(status, "lastState", "terminated", "finishedAt"))
      .sort()
      .at(-1) ?? "";
  return restarts === 0 || last === "" ? String(restarts) : `${restarts} (${since(last, now)} ago)`;
}

function readinessGates(pod: Fields): string {
  const gates = itemsAt(pod, "spec", "readinessGates");
  if (gates.length === 0) return none;
  const open = gates.filter((gate) => conditionOf(pod, textAt(gate, "conditionType"))?.["status"] === "True");
  return `${open.length}/${gates.length}`;
}

function jobStatus(job: Fields): string {
  const holds = (type: string) => conditionOf(job, type)?.["status"] === "True";
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (isDeleting(job)) return "Terminating";
  if (holds("Suspended")) return "Suspended";
  if (holds("FailureTarget")) return "FailureTarget";
  return holds("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function jobCompletions(job: Fields): string {
  const succeeded = count(job, "status", "succeeded");
  const completions = valueAt(job, "spec", "completions");
  if (typeof completions === "number") return `${succeeded}/${completions}`;
  const parallelism = count(job, "spec", "parallelism");
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: Fields, now: Date): string {
  const started = Date.parse(textAt(job, "status", "startTime"));
  if (Number.isNaN(started)) return "";
  const ended = Date.parse(textAt(job, "status", "completionTime"));
  return humanDuration(((Number.isNaN(ended) ? now.getTime() : ended) - started) / 1000);
}

/** How many metrics the column shows. */
const metricsShown = 2;

function metricsText(scaler: Fields): string {
  const current = itemsAt(scaler, "status", "currentMetrics");
  const texts = itemsAt(scaler, "spec", "metrics").map((metric, index) => metricText(metric, current[index]));
  return texts.length === 0 ? none : shorten(texts, metricsShown, ", ");
}

function metricText(metric: Fields, current: Fields | undefined): string {
  const type = textAt(metric, "type");
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  const source = metric[field];
  if (!isFields(source)) return "<unknown type>";
  const now = fieldsAt(current, field, "current");
  const target = fieldsAt(source, "target");
  const named = type === "Resource" || type === "ContainerResource" ? `${textAt(source, "name")}: ` : "";
  if (target["averageValue"] !== undefined) {
    const ending = type === "External" || type === "Object" ? " (avg)" : "";
    return `${named}${now["averageValue"] ?? unknown}/${target["averageValue"]}${ending}`;
  }
  if (named === "") return `${now["value"] ?? unknown}/${target["value"] ?? "0"}`;
  const percent = (value: unknown, otherwise: string) => (value === undefined ? otherwise : `${value}%`);
  return `${named}${percent(now["averageUtilization"], unknown)}/${percent(target["averageUtilization"], "<auto>")}`;
}
