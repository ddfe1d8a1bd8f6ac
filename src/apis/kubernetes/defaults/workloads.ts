import { type Fields, fieldsAt, isFields, itemsAt } from "../../../apimachinery/index.ts";
import { fill, fillEmpty, isEmpty, makeFields } from "../fields.ts";
import { defaultTemplate } from "./pod.ts";

export function defaultDeployment(deployment: Fields): void {
  const spec = makeFields(deployment, "spec");
  fill(spec, "replicas", 1);
  const strategy = makeFields(spec, "strategy");
  fillEmpty(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = makeFields(strategy, "rollingUpdate");
    fill(rolling, "maxUnavailable", "25%");
    fill(rolling, "maxSurge", "25%");
  }
  fill(spec, "revisionHistoryLimit", 10);
  fill(spec, "progressDeadlineSeconds", 600);
  defaultTemplate(spec);
}

export function defaultDaemonSet(set: Fields): void {
  // A field of an older version, which counts templates. The server sets it; whoever writes the object owns it.
  fill(makeFields(makeFields(set, "metadata"), "annotations"), "deprecated.daemonset.template.generation", "0");
  const spec = makeFields(set, "spec");
  const strategy = makeFields(spec, "updateStrategy");
  fillEmpty(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = makeFields(strategy, "rollingUpdate");
    fill(rolling, "maxUnavailable", 1);
    fill(rolling, "maxSurge", 0);
  }
  fill(spec, "revisionHistoryLimit", 10);
  defaultTemplate(spec);
}

export function defaultStatefulSet(set: Fields): void {
  const spec = makeFields(set, "spec");
  fillEmpty(spec, "podManagementPolicy", "OrderedReady");
  const strategy = makeFields(spec, "updateStrategy");
  if (isEmpty(strategy["type"])) {
    strategy["type"] = "RollingUpdate";
    makeFields(strategy, "rollingUpdate");
  }
  if (strategy["type"] === "RollingUpdate" && isFields(strategy["rollingUpdate"]))
    fill(strategy["rollingUpdate"], "partition", 0);
  const retention = makeFields(spec, "persistentVolumeClaimRetentionPolicy");
  fillEmpty(retention, "whenDeleted", "Retain");
  fillEmpty(retention, "whenScaled", "Retain");
  fill(spec, "replicas", 1);
  fill(spec, "revisionHistoryLimit", 10);
  defaultTemplate(spec);
  for (const claim of itemsAt(spec, "volumeClaimTemplates")) {
    claim["apiVersion"] = "v1";
    claim["kind"] = "PersistentVolumeClaim";
    defaultClaim(claim);
  }
}

export function defaultReplicaSet(set: Fields): void {
  const spec = makeFields(set, "spec");
  fill(spec, "replicas", 1);
  defaultTemplate(spec);
}

export function defaultReplicationController(controller: Fields): void {
  const spec = makeFields(controller, "spec");
  const labels = fieldsAt(spec, "template", "metadata")["labels"];
  if (isFields(labels)) {
    if (isEmpty(spec["selector"])) spec["selector"] = { ...labels };
    const metadata = makeFields(controller, "metadata");
    if (isEmpty(metadata["labels"])) metadata["labels"] = { ...labels };
  }
  fill(spec, "replicas", 1);
  if (isFields(spec["template"])) defaultTemplate(spec);
}

/** Limit of retries that a job with a limit per index has as a whole: none, in 32 bits. */
const retriesUnlimited = 2 ** 31 - 1;

export function defaultJob(job: Fields): void {
  const spec = makeFields(job, "spec");
  const isUnset = (field: string) => spec[field] === undefined || spec[field] === null;
  if (isUnset("completions") && isUnset("parallelism")) {
    fill(spec, "completions", 1);
    fill(spec, "parallelism", 1);
  }
  fill(spec, "parallelism", 1);
  const perIndex = spec["backoffLimitPerIndex"] !== undefined && spec["backoffLimitPerIndex"] !== null;
  fill(spec, "backoffLimit", perIndex ? retriesUnlimited : 6);
  const labels = fieldsAt(spec, "template", "metadata")["labels"];
  const metadata = makeFields(job, "metadata");
  if (isFields(labels) && isEmpty(metadata["labels"])) metadata["labels"] = { ...labels };
  fill(spec, "completionMode", "NonIndexed");
  fill(spec, "suspend", false);
  fill(spec, "manualSelector", false);
  fill(spec, "podReplacementPolicy", isFields(spec["podFailurePolicy"]) ? "Failed" : "TerminatingOrFailed");
  defaultJobSpec(spec);
}

export function defaultCronJob(job: Fields): void {
  const spec = makeFields(job, "spec");
  fillEmpty(spec, "concurrencyPolicy", "Allow");
  fill(spec, "suspend", false);
  fill(spec, "successfulJobsHistoryLimit", 3);
  fill(spec, "failedJobsHistoryLimit", 1);
  const template = makeFields(spec, "jobTemplate");
  makeFields(template, "metadata");
  defaultJobSpec(makeFields(template, "spec"));
}

/** What a job and the template of one have in common. */
function defaultJobSpec(spec: Fields): void {
  for (const rule of itemsAt(spec, "podFailurePolicy", "rules"))
    for (const condition of itemsAt(rule, "onPodConditions")) fillEmpty(condition, "status", "True");
  defaultTemplate(spec);
}

export function defaultAutoscalerV1(autoscaler: Fields): void {
  fill(makeFields(autoscaler, "spec"), "minReplicas", 1);
}

export function defaultAutoscalerV2(autoscaler: Fields): void {
  const spec = makeFields(autoscaler, "spec");
  fill(spec, "minReplicas", 1);
  if (isEmpty(spec["metrics"])) {
    const target = { type: "Utilization", averageUtilization: 80 };
    spec["metrics"] = [{ type: "Resource", resource: { name: "cpu", target } }];
  }
  const behavior = spec["behavior"];
  if (!isFields(behavior)) return;
  const up = makeFields(behavior, "scaleUp");
  fill(up, "selectPolicy", "Max");
  fill(up, "stabilizationWindowSeconds", 0);
  fill(up, "policies", [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ]);
  const down = makeFields(behavior, "scaleDown");
  fill(down, "selectPolicy", "Max");
  fill(down, "policies", [{ type: "Percent", value: 100, periodSeconds: 15 }]);
}

export function defaultClaim(claim: Fields): void {
  const spec = makeFields(claim, "spec");
  fill(spec, "volumeMode", "Filesystem");
  makeFields(spec, "resources");
  fillEmpty(makeFields(claim, "status"), "phase", "Pending");
}
