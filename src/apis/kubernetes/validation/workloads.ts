import {
  deepEqual,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  requiredValue,
  textAt,
  unsupportedValue,
} from "../../../apimachinery/index.ts";
import { isEmpty } from "../fields.ts";
import { validateTemplate, validateTemplateMetadata } from "./pod.ts";
import {
  type Causes,
  choice,
  countOrPercent,
  immutable,
  isSelector,
  nonNegative,
  nonNegatives,
  notOver100Percent,
  percentOf,
  pointedChoice,
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
    ...nonNegatives("spec", spec, ["replicas", "minReadySeconds"]),
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
  return [...causes, ...validateAlwaysTemplate(spec, { matchLabels: selector }, "replicationcontroller")];
}

export function validateSelectorUpdate(object: Fields, old: Fields): Causes {
  return immutable("spec.selector", fieldsAt(object, "spec")["selector"], fieldsAt(old, "spec")["selector"]);
}

/** A selector that is there, right, and selects something in particular. */
function validateOwnSelector(spec: Fields, kind: string): Causes {
  const { selector } = spec;
  // A daemon set without one just selects nothing, of which its template's labels tell.
  if (!isFields(selector)) return kind === "daemonset" ? [] : [requiredValue("spec.selector")];
  const causes = validateSelector("spec.selector", selector);
  // Kubernetes takes a replica set for a deployment here.
  const named = kind === "replicaset" ? "deployment" : kind;
  if (isEmpty(selector["matchLabels"]) && isEmpty(selector["matchExpressions"]))
    causes.push(invalidValue("spec.selector", selector, `empty selector is invalid for ${named}`));
  return causes;
}

function validateOwnTemplate(spec: Fields, kind: string, claims: readonly string[] = []): Causes {
  const words = kind === "statefulset" ? "" : "invalid label selector";
  // Nothing can be said of labels that nothing can select. A daemon set is not asked.
  if (kind !== "daemonset" && isFields(spec["selector"]) && !isSelector(spec["selector"]))
    return [invalidValue("spec.selector", spec["selector"], words)];
  const causes = validateAlwaysTemplate(spec, spec["selector"], kind, claims);
  const deadline = fieldsAt(spec, "template", "spec")["activeDeadlineSeconds"];
  if (deadline === undefined) return causes;
  const path = "spec.template.spec.activeDeadlineSeconds";
  if (kind === "deployment" || kind === "replicaset")
    return [...causes, forbiddenValue(path, "activeDeadlineSeconds in ReplicaSet is not Supported")];
  return [...causes, invalidValue(path, deadline, "must not be specified")];
}

/** The template of pods that are kept running, and that its owner must be able to find. */
function validateAlwaysTemplate(spec: Fields, selector: unknown, kind: string, claims: readonly string[] = []): Causes {
  const template = fieldsAt(spec, "template");
  const { labels } = fieldsAt(template, "metadata");
  const causes: Causes = [];
  // An empty selector takes everything and is refused elsewhere; an absent one takes nothing.
  const isAll = isFields(selector) && isEmpty(selector["matchLabels"]) && isEmpty(selector["matchExpressions"]);
  if (!isAll && !(isFields(selector) && selects(selector, labels)))
    causes.push(
      invalidValue("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`"),
    );
  causes.push(...validateTemplate("spec.template", template, claims));
  // Kubernetes looks at these of a stateful set twice.
  if (kind === "statefulset") causes.push(...validateTemplateMetadata("spec.template", template));
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

export function validateControllerRevision(revision: Fields): Causes {
  const causes = nonNegative("revision", revision["revision"]);
  return revision["data"] === undefined ? [requiredValue("data", "data is mandatory"), ...causes] : causes;
}

export function validateControllerRevisionUpdate(revision: Fields, old: Fields): Causes {
  return immutable("data", revision["data"], old["data"]);
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
    ...pointedChoice("spec.unhealthyPodEvictionPolicy", spec["unhealthyPodEvictionPolicy"], [
      "AlwaysAllow",
      "IfHealthyBudget",
    ]),
  ];
}
