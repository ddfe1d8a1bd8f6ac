import {
  deepEqual,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  requiredValue,
  textAt,
  unsupportedValue,
} from "../../../apimachinery/index.ts";
import { cronProblem } from "../cron/parse.ts";
import { isTimeZone } from "../cron/time-zone.ts";
import { isEmpty } from "../fields.ts";
import { validateTemplate } from "./pod.ts";
import {
  type Causes,
  choice,
  countOrPercent,
  eachItem,
  immutable,
  nonNegative,
  nonNegatives,
  notOver100Percent,
  percentOf,
  required,
  selects,
  validateLabels,
  validateSelector,
} from "./values.ts";

export function validateDeployment(deployment: Fields): Causes {
  const spec = fieldsAt(deployment, "spec");
  const { progressDeadlineSeconds: deadline, minReadySeconds: ready } = spec;
  const causes = [
    ...nonNegatives("spec", spec, ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]),
    ...validateOwnSelector(spec, "deployment"),
    ...validateOwnTemplate(spec, "deployment"),
    ...validateDeploymentStrategy("spec.strategy", fieldsAt(spec, "strategy")),
  ];
  if (typeof deadline === "number" && deadline >= 0 && deadline <= (typeof ready === "number" ? ready : 0))
    causes.push(invalidValue("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
  return causes;
}

export function validateReplicaSet(set: Fields): Causes {
  const spec = fieldsAt(set, "spec");
  return [
    ...nonNegatives("spec", spec, ["replicas", "minReadySeconds"]),
    ...validateOwnSelector(spec, "replicaset"),
    ...validateOwnTemplate(spec, "replicaset"),
  ];
}

export function validateDaemonSet(set: Fields): Causes {
  const spec = fieldsAt(set, "spec");
  return [
    ...nonNegatives("spec", spec, ["minReadySeconds", "revisionHistoryLimit"]),
    ...validateOwnSelector(spec, "daemonset"),
    ...validateOwnTemplate(spec, "daemonset"),
    ...validateDaemonStrategy("spec.updateStrategy", fieldsAt(spec, "updateStrategy")),
  ];
}

export function validateStatefulSet(set: Fields): Causes {
  const spec = fieldsAt(set, "spec");
  const claims = itemsAt(spec, "volumeClaimTemplates").map((claim) => textAt(claim, "metadata", "name"));
  const strategy = fieldsAt(spec, "updateStrategy");
  const retention = fieldsAt(spec, "persistentVolumeClaimRetentionPolicy");
  const path = "spec.persistentVolumeClaimRetentionPolicy";
  const causes = [
    ...oneOf("spec.podManagementPolicy", spec["podManagementPolicy"], ["OrderedReady", "Parallel"]),
    ...nonNegatives("spec", spec, ["replicas", "minReadySeconds", "revisionHistoryLimit"]),
    ...nonNegative("spec.ordinals.start", fieldsAt(spec, "ordinals")["start"]),
    ...choice(`${path}.whenDeleted`, retention["whenDeleted"], ["Delete", "Retain"]),
    ...choice(`${path}.whenScaled`, retention["whenScaled"], ["Delete", "Retain"]),
    ...validateOwnSelector(spec, "statefulset"),
    ...validateOwnTemplate(spec, "statefulset", claims),
  ];
  if (strategy["type"] === "OnDelete") {
    if (isFields(strategy["rollingUpdate"]))
      causes.push(
        invalidValue(
          "spec.updateStrategy.rollingUpdate",
          strategy["rollingUpdate"],
          "only allowed for updateStrategy 'RollingUpdate'",
        ),
      );
  } else if (strategy["type"] === "RollingUpdate")
    causes.push(
      ...nonNegative("spec.updateStrategy.rollingUpdate.partition", fieldsAt(strategy, "rollingUpdate")["partition"]),
    );
  else causes.push(invalidValue("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'"));
  return causes;
}

/** What of a StatefulSet may change. */
const setFields = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

export function validateStatefulSetUpdate(set: Fields, old: Fields): Causes {
  const fixed = (spec: Fields) => Object.entries(spec).filter(([field]) => !setFields.includes(field));
  if (deepEqual(Object.fromEntries(fixed(fieldsAt(set, "spec"))), Object.fromEntries(fixed(fieldsAt(old, "spec")))))
    return [];
  const names = setFields.map((field) => `'${field}'`);
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return [forbiddenValue("spec", `updates to statefulset spec for fields other than ${list} are forbidden`)];
}

export function validateReplicationController(controller: Fields): Causes {
  const spec = fieldsAt(controller, "spec");
  const selector = fieldsAt(spec, "selector");
  const causes = [
    ...nonNegatives("spec", spec, ["replicas", "minReadySeconds"]),
    ...validateLabels("spec.selector", selector),
    ...(isEmpty(selector) ? [requiredValue("spec.selector")] : []),
  ];
  if (!isFields(spec["template"])) return [...causes, requiredValue("spec.template")];
  return [...causes, ...validateAlwaysTemplate(spec, { matchLabels: selector })];
}

export function validateSelectorUpdate(object: Fields, old: Fields): Causes {
  return immutable("spec.selector", fieldsAt(object, "spec")["selector"], fieldsAt(old, "spec")["selector"]);
}

/** A selector that is there, right, and selects something in particular. */
function validateOwnSelector(spec: Fields, kind: string): Causes {
  const { selector } = spec;
  if (!isFields(selector)) return [requiredValue("spec.selector")];
  const causes = validateSelector("spec.selector", selector);
  if (isEmpty(selector["matchLabels"]) && isEmpty(selector["matchExpressions"]))
    causes.push(invalidValue("spec.selector", selector, `empty selector is invalid for ${kind}`));
  return causes;
}

function validateOwnTemplate(spec: Fields, kind: string, claims: readonly string[] = []): Causes {
  const causes = validateAlwaysTemplate(spec, spec["selector"], claims);
  const deadline = fieldsAt(spec, "template", "spec")["activeDeadlineSeconds"];
  if (deadline === undefined) return causes;
  const path = "spec.template.spec.activeDeadlineSeconds";
  if (kind === "deployment" || kind === "replicaset")
    return [...causes, forbiddenValue(path, "activeDeadlineSeconds in ReplicaSet is not Supported")];
  return [...causes, invalidValue(path, deadline, "must not be specified")];
}

/** The template of pods that are kept running, and that its owner must be able to find. */
function validateAlwaysTemplate(spec: Fields, selector: unknown, claims: readonly string[] = []): Causes {
  const template = fieldsAt(spec, "template");
  const { labels } = fieldsAt(template, "metadata");
  const causes: Causes = [];
  const chosen = isFields(selector) && !(isEmpty(selector["matchLabels"]) && isEmpty(selector["matchExpressions"]));
  if (chosen && !selects(selector, labels))
    causes.push(
      invalidValue("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`"),
    );
  causes.push(...validateTemplate("spec.template", template, claims));
  const policy = textAt(template, "spec", "restartPolicy");
  if (policy !== "Always") causes.push(unsupportedValue("spec.template.spec.restartPolicy", policy, ["Always"]));
  return causes;
}

function validateDeploymentStrategy(path: string, strategy: Fields): Causes {
  const type = textAt(strategy, "type");
  const rolling = strategy["rollingUpdate"];
  if (type === "Recreate")
    return isFields(rolling)
      ? [forbiddenValue(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")]
      : [];
  if (type !== "RollingUpdate") return choice(`${path}.type`, type, ["Recreate", "RollingUpdate"], "required");
  if (!isFields(rolling)) return [requiredValue(`${path}.rollingUpdate`, "this should be defaulted and never be nil")];
  return validateRolling(`${path}.rollingUpdate`, rolling);
}

function validateDaemonStrategy(path: string, strategy: Fields): Causes {
  const type = textAt(strategy, "type");
  if (type === "OnDelete") return [];
  if (type !== "RollingUpdate") return choice(`${path}.type`, type, ["OnDelete", "RollingUpdate"], "required");
  return validateRolling(`${path}.rollingUpdate`, fieldsAt(strategy, "rollingUpdate"));
}

/** Something must be allowed to go or to come, else nothing moves. */
function validateRolling(path: string, { maxUnavailable, maxSurge }: Fields): Causes {
  const none = (value: unknown) => value === 0 || percentOf(value) === 0;
  const causes = [
    ...countOrPercent(`${path}.maxUnavailable`, maxUnavailable),
    ...countOrPercent(`${path}.maxSurge`, maxSurge),
    ...notOver100Percent(`${path}.maxUnavailable`, maxUnavailable),
  ];
  if (none(maxUnavailable) && none(maxSurge))
    causes.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  return causes;
}

/** Some fields name their words in the message instead of as supported values. */
function oneOf(field: string, value: unknown, words: readonly string[]): Causes {
  if (value === undefined || value === "") return [requiredValue(field)];
  return words.includes(String(value))
    ? []
    : [invalidValue(field, value, `must be ${words.map((word) => `'${word}'`).join(" or ")}`)];
}

export function validateJob(job: Fields): Causes {
  const spec = fieldsAt(job, "spec");
  const causes = validateJobSpec("spec", spec);
  if (!isFields(spec["selector"])) causes.push(requiredValue("spec.selector"));
  else causes.push(...validateSelector("spec.selector", spec["selector"]));
  const { labels } = fieldsAt(spec, "template", "metadata");
  if (!selects(spec["selector"], labels))
    causes.push(
      invalidValue("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`"),
    );
  return causes;
}

export function validateJobUpdate(job: Fields, old: Fields): Causes {
  const spec = fieldsAt(job, "spec");
  const before = fieldsAt(old, "spec");
  const elastic = spec["completionMode"] === "Indexed" && spec["completions"] === spec["parallelism"];
  const fixed = [
    "selector",
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
    "successPolicy",
  ];
  return [
    ...(elastic ? [] : immutable("spec.completions", spec["completions"], before["completions"])),
    ...fixed.flatMap((field) => immutable(`spec.${field}`, spec[field], before[field])),
    ...validateJobTemplateUpdate(spec, before, old),
  ];
}

/** Where pods may run can change while a Job that has never run is suspended. */
function validateJobTemplateUpdate(spec: Fields, before: Fields, old: Fields): Causes {
  const template = fieldsAt(spec, "template");
  const waiting = before["suspend"] === true && textAt(old, "status", "startTime") === "";
  if (!waiting) return immutable("spec.template", template, fieldsAt(before, "template"));
  const placement = ["nodeSelector", "affinity", "tolerations", "schedulingGates"];
  const fixed = (one: Fields) => ({
    ...one,
    metadata: undefined,
    spec: Object.fromEntries(Object.entries(fieldsAt(one, "spec")).filter(([field]) => !placement.includes(field))),
  });
  if (deepEqual(fixed(template), fixed(fieldsAt(before, "template")))) return [];
  return [invalidValue("spec.template", template, "field is immutable")];
}

function validateJobSpec(path: string, spec: Fields): Causes {
  const counts = [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
  ];
  const causes = [
    ...nonNegatives(path, spec, counts),
    ...choice(`${path}.completionMode`, spec["completionMode"], ["Indexed", "NonIndexed"]),
    ...choice(`${path}.podReplacementPolicy`, spec["podReplacementPolicy"], ["Failed", "TerminatingOrFailed"]),
  ];
  if (spec["completionMode"] === "Indexed") {
    if (spec["completions"] === undefined)
      causes.push(requiredValue(`${path}.completions`, "when completion mode is Indexed"));
    if (numberAt(spec, ["parallelism"]) > 100_000)
      causes.push(
        invalidValue(
          `${path}.parallelism`,
          spec["parallelism"],
          "must be less than or equal to 100000 when completion mode is Indexed",
        ),
      );
  } else if (spec["backoffLimitPerIndex"] !== undefined)
    causes.push(
      invalidValue(`${path}.backoffLimitPerIndex`, spec["backoffLimitPerIndex"], "requires indexed completion mode"),
    );
  causes.push(
    ...validateFailurePolicy(path, spec),
    ...validateTemplate(`${path}.template`, fieldsAt(spec, "template")),
  );
  const policy = textAt(spec, "template", "spec", "restartPolicy");
  if (policy !== "OnFailure" && policy !== "Never")
    causes.push(requiredValue(`${path}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'));
  return causes;
}

function validateFailurePolicy(path: string, spec: Fields): Causes {
  if (!isFields(spec["podFailurePolicy"])) return [];
  const at = `${path}.podFailurePolicy`;
  const causes: Causes = [];
  if (textAt(spec, "template", "spec", "restartPolicy") !== "Never") {
    const words = 'only "Never" is supported when podFailurePolicy is specified';
    causes.push(
      invalidValue(`${path}.template.spec.restartPolicy`, textAt(spec, "template", "spec", "restartPolicy"), words),
    );
  }
  return [
    ...causes,
    ...eachItem(spec["podFailurePolicy"], at, "rules", (rule, here) => {
      const found = choice(`${here}.action`, rule["action"], ["Count", "FailIndex", "FailJob", "Ignore"], "required");
      const codes = rule["onExitCodes"];
      const both = isFields(codes) && listAt(rule, "onPodConditions").length > 0;
      if (both)
        found.push(invalidValue(here, null, "specifying both OnExitCodes and OnPodConditions is not supported"));
      if (!isFields(codes)) {
        if (listAt(rule, "onPodConditions").length === 0)
          found.push(invalidValue(here, null, "specifying one of OnExitCodes and OnPodConditions is required"));
        return found;
      }
      return [
        ...found,
        ...choice(`${here}.onExitCodes.operator`, codes["operator"], ["In", "NotIn"], "required"),
        ...required(`${here}.onExitCodes.values`, codes["values"]),
      ];
    }),
  ];
}

export function validateCronJob(job: Fields): Causes {
  const spec = fieldsAt(job, "spec");
  const template = fieldsAt(spec, "jobTemplate", "spec");
  const path = "spec.jobTemplate.spec";
  const causes = [
    ...validateSchedule("spec.schedule", textAt(spec, "schedule")),
    ...nonNegatives("spec", spec, ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"]),
    ...validateTimeZone("spec.timeZone", spec["timeZone"]),
    ...choice("spec.concurrencyPolicy", spec["concurrencyPolicy"], ["Allow", "Forbid", "Replace"], "required"),
    ...validateJobSpec(path, template),
  ];
  if (isFields(template["selector"]))
    causes.push(invalidValue(`${path}.selector`, template["selector"], "`selector` will be auto-generated"));
  if (template["manualSelector"] === true)
    causes.push(unsupportedValue(`${path}.manualSelector`, true, ["nil", "false"]));
  return causes;
}

function validateSchedule(path: string, schedule: string): Causes {
  if (schedule === "") return [requiredValue(path)];
  if (/TZ=/.test(schedule))
    return [invalidValue(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")];
  const problem = cronProblem(schedule);
  return problem === undefined ? [] : [invalidValue(path, schedule, problem)];
}

function validateTimeZone(path: string, zone: unknown): Causes {
  if (zone === undefined) return [];
  if (zone === "") return [invalidValue(path, zone, "timeZone must be nil or non-empty string")];
  if (String(zone).toLowerCase() === "local")
    return [
      invalidValue(path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"),
    ];
  return isTimeZone(String(zone)) ? [] : [invalidValue(path, zone, `unknown time zone ${zone}`)];
}

export function validateControllerRevision(revision: Fields): Causes {
  const causes = nonNegative("revision", revision["revision"]);
  return revision["data"] === undefined ? [requiredValue("data", "data is mandatory"), ...causes] : causes;
}

export function validateControllerRevisionUpdate(revision: Fields, old: Fields): Causes {
  return immutable("data", revision["data"], old["data"]);
}

export function validateAutoscaler(autoscaler: Fields): Causes {
  const spec = fieldsAt(autoscaler, "spec");
  const min = numberAt(spec, ["minReplicas"], 1);
  const max = numberAt(spec, ["maxReplicas"]);
  const causes: Causes = [];
  if (min < 1) causes.push(invalidValue("spec.minReplicas", min, "must be greater than or equal to 1"));
  if (max < 1) causes.push(invalidValue("spec.maxReplicas", max, "must be greater than 0"));
  if (max < min) causes.push(invalidValue("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
  return [
    ...causes,
    ...required("spec.scaleTargetRef.kind", fieldsAt(spec, "scaleTargetRef")["kind"]),
    ...required("spec.scaleTargetRef.name", fieldsAt(spec, "scaleTargetRef")["name"]),
    ...eachItem(spec, "spec", "metrics", validateMetric),
  ];
}

function validateMetric(metric: Fields, path: string): Causes {
  const types = ["ContainerResource", "External", "Object", "Pods", "Resource"];
  const type = textAt(metric, "type");
  const causes = choice(`${path}.type`, type, types, "required");
  if (causes.length > 0) return causes;
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  if (!isFields(metric[field]))
    return [requiredValue(`${path}.${field}`, "must populate information for the given metric source")];
  const target = fieldsAt(metric, field, "target");
  const at = `${path}.${field}.target`;
  causes.push(...choice(`${at}.type`, target["type"], ["AverageValue", "Utilization", "Value"], "required"));
  const utilization = target["averageUtilization"];
  if (typeof utilization === "number" && utilization < 1)
    causes.push(invalidValue(`${at}.averageUtilization`, utilization, "must be greater than 0"));
  if (type.endsWith("Resource")) {
    causes.push(...required(`${path}.${field}.name`, fieldsAt(metric, field)["name"], "must specify a resource name"));
    if (utilization === undefined && target["averageValue"] === undefined)
      causes.push(
        requiredValue(`${at}.averageUtilization`, "must set either a target raw value or a target utilization"),
      );
  }
  return causes;
}

export function validateDisruptionBudget(budget: Fields): Causes {
  const spec = fieldsAt(budget, "spec");
  const { minAvailable, maxUnavailable } = spec;
  const both = minAvailable !== undefined && maxUnavailable !== undefined;
  return [
    ...(both ? [invalidValue("spec", spec, "minAvailable and maxUnavailable cannot be both set")] : []),
    ...["minAvailable", "maxUnavailable"].flatMap((field) => [
      ...countOrPercent(`spec.${field}`, spec[field]),
      ...notOver100Percent(`spec.${field}`, spec[field]),
    ]),
    ...validateSelector("spec.selector", spec["selector"]),
    ...choice("spec.unhealthyPodEvictionPolicy", spec["unhealthyPodEvictionPolicy"], [
      "AlwaysAllow",
      "IfHealthyBudget",
    ]),
  ];
}
