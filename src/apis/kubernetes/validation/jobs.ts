import {
  deepEqual,
  type Fields,
  fieldsAt,
  invalidValue,
  isFields,
  numberAt,
  requiredValue,
  textAt,
  tooLong,
  unsupportedValue,
  validateLabel,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { cronProblem } from "../cron/parse.ts";
import { isTimeZone } from "../cron/time-zone.ts";
import { validateFailurePolicy, validateSuccessPolicy } from "./job-policies.ts";
import { validateTemplate } from "./pod.ts";
import { type Causes, choice, immutable, named, nonNegatives, selects, validateSelector } from "./values.ts";

/** Limits of Indexed jobs: with more completions than these, others become smaller. */
const indexedMax = 100_000;
const indexedMaxWithMany = 10_000;
const managedByLengthMax = 63;

export function validateJob(job: Fields): Causes {
  const spec = fieldsAt(job, "spec");
  const causes = [...validateGenerated(job, spec), ...validateJobSpec("spec", spec)];
  if (!isFields(spec["selector"])) causes.push(requiredValue("spec.selector"));
  else causes.push(...validateSelector("spec.selector", spec["selector"]));
  const { labels } = fieldsAt(spec, "template", "metadata");
  if (!isFields(spec["selector"]) || !selects(spec["selector"], labels))
    causes.push(
      invalidValue("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`"),
    );
  const { completions } = spec;
  if (spec["completionMode"] !== "Indexed" || typeof completions !== "number" || completions <= 0) return causes;
  const name = textAt(job, "metadata", "name");
  const hostname = `${name}-${completions - 1}`;
  if (validateLabel(hostname).length > 0) {
    const detail = `will not able to create pod with invalid DNS label: ${hostname}`;
    causes.push(invalidValue("metadata.name", name, detail));
  }
  return causes;
}

/** A job that finds its pods by its uid must not have been given other labels. */
function validateGenerated(job: Fields, spec: Fields): Causes {
  if (spec["manualSelector"] === true || !isFields(spec["selector"])) return [];
  const [uid, name] = [textAt(job, "metadata", "uid"), textAt(job, "metadata", "name")];
  const expected = {
    "controller-uid": uid,
    "job-name": name,
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
  };
  const labels = fieldsAt(spec, "template", "metadata", "labels");
  const causes = Object.entries(expected).flatMap(([key, value]) => {
    const at = "spec.template.metadata.labels";
    if (labels[key] === undefined) return [requiredValue(`${at}[${key}]`, `must be '${value}'`)];
    return labels[key] === value ? [] : [invalidValue(`${at}[${key}]`, labels, `must be '${value}'`)];
  });
  if (!selects(spec["selector"], expected))
    causes.push(invalidValue("spec.selector", spec["selector"], "`selector` not auto-generated"));
  return causes;
}

export function validateJobUpdate(job: Fields, old: Fields): Causes {
  const spec = fieldsAt(job, "spec");
  const before = fieldsAt(old, "spec");
  const same = (field: string) => immutable(`spec.${field}`, spec[field], before[field]);
  return [
    ...validateCompletions(spec, before),
    ...same("selector"),
    ...validateJobTemplateUpdate(spec, before, old),
    ...["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"].flatMap(same),
  ];
}

/** Indexed jobs may grow and shrink, as long as all of their pods may run at once. */
function validateCompletions(spec: Fields, before: Fields): Causes {
  const { completions, parallelism } = spec;
  if (spec["completionMode"] !== "Indexed") return immutable("spec.completions", completions, before["completions"]);
  if (completions === undefined || completions === before["completions"] || completions === parallelism) return [];
  return [invalidValue("spec.completions", completions, "can only be modified in tandem with spec.parallelism")];
}

/** Where pods may run, and their labels, can change while a Job that has never run is suspended. */
function validateJobTemplateUpdate(spec: Fields, before: Fields, old: Fields): Causes {
  const template = fieldsAt(spec, "template");
  const waiting = before["suspend"] === true && textAt(old, "status", "startTime") === "";
  if (!waiting) return immutable("spec.template", template, fieldsAt(before, "template"));
  const free = ["nodeSelector", "tolerations", "schedulingGates", "affinity"];
  const fixed = (one: Fields) => {
    const { labels: _labels, annotations: _annotations, ...metadata } = fieldsAt(one, "metadata");
    const { nodeAffinity: _affinity, ...affinity } = fieldsAt(one, "spec", "affinity");
    const podSpec = Object.fromEntries(
      Object.entries(fieldsAt(one, "spec")).filter(([field]) => !free.includes(field)),
    );
    return { ...one, metadata, spec: { ...podSpec, affinity } };
  };
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
  const causes = nonNegatives(path, spec, counts);
  if (spec["maxFailedIndexes"] !== undefined && spec["backoffLimitPerIndex"] === undefined)
    causes.push(requiredValue(`${path}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
  if (typeof spec["managedBy"] === "string") causes.push(...validateManagedBy(`${path}.managedBy`, spec["managedBy"]));
  const mode = spec["completionMode"];
  if (mode !== undefined && mode !== "Indexed" && mode !== "NonIndexed")
    causes.push(unsupportedValue(`${path}.completionMode`, mode, ["NonIndexed", "Indexed"]));
  if (mode === "Indexed") causes.push(...validateIndexed(path, spec));
  if (mode === undefined || mode === "NonIndexed") {
    for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"])
      if (spec[field] !== undefined)
        causes.push(invalidValue(`${path}.${field}`, spec[field], "requires indexed completion mode"));
  }
  if (isFields(spec["podFailurePolicy"])) causes.push(...validateFailurePolicy(`${path}.podFailurePolicy`, spec));
  if (isFields(spec["successPolicy"])) {
    const at = `${path}.successPolicy`;
    if (mode === "Indexed") causes.push(...validateSuccessPolicy(at, spec));
    else causes.push(invalidValue(at, spec["successPolicy"], "requires indexed completion mode"));
  }
  const replacements = isFields(spec["podFailurePolicy"]) ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  return [
    ...causes,
    ...choice(`${path}.podReplacementPolicy`, spec["podReplacementPolicy"], replacements),
    ...validateTemplate(`${path}.template`, fieldsAt(spec, "template")),
    ...validateRestart(`${path}.template.spec.restartPolicy`, spec),
  ];
}

function validateIndexed(path: string, spec: Fields): Causes {
  const { completions, parallelism, maxFailedIndexes } = spec;
  const causes: Causes = [];
  const limit = (field: string, max: number, detail: string) => {
    const value = spec[field];
    if (typeof value === "number" && value > max)
      causes.push(invalidValue(`${path}.${field}`, value, `must be less than or equal to ${detail}`));
  };
  if (completions === undefined) causes.push(requiredValue(`${path}.completions`, "when completion mode is Indexed"));
  limit("parallelism", indexedMax, `${indexedMax} when completion mode is Indexed`);
  if (typeof completions === "number") limit("maxFailedIndexes", completions, "completions");
  limit("maxFailedIndexes", indexedMax, String(indexedMax));
  if (numberAt(spec, ["completions"]) <= indexedMax || spec["backoffLimitPerIndex"] === undefined) return causes;
  if (maxFailedIndexes === undefined) {
    const detail = `must be specified when completions is above ${indexedMax}`;
    causes.push(requiredValue(`${path}.maxFailedIndexes`, detail));
  }
  const many = `when completions are above ${indexedMax} and used with backoff limit per index`;
  if (parallelism !== undefined) limit("parallelism", indexedMaxWithMany, `${indexedMaxWithMany} ${many}`);
  limit("maxFailedIndexes", indexedMaxWithMany, `${indexedMaxWithMany} ${many}`);
  return causes;
}

function validateManagedBy(path: string, value: string): Causes {
  const causes: Causes = [];
  const slash = value.indexOf("/");
  const [host, rest] = [value.slice(0, Math.max(0, slash)), value.slice(slash + 1)];
  if (value === "") causes.push(requiredValue(path));
  else if (slash < 0 || host === "" || rest === "")
    causes.push(invalidValue(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else {
    causes.push(...named(path, host, validateSubdomain));
    const allowed = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
    if (!new RegExp(`^${allowed}$`).test(rest))
      causes.push(invalidValue(path, rest, `Invalid path (regex used for validation is '${allowed}')`));
  }
  if (value.length > managedByLengthMax) causes.push(tooLong(path, managedByLengthMax));
  return causes;
}

function validateRestart(path: string, spec: Fields): Causes {
  const policy = textAt(spec, "template", "spec", "restartPolicy");
  if (policy === "Always" || policy === "") return [requiredValue(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== "OnFailure" && policy !== "Never") return [unsupportedValue(path, policy, ["OnFailure", "Never"])];
  if (isFields(spec["podFailurePolicy"]) && policy !== "Never")
    return [invalidValue(path, policy, 'only "Never" is supported when podFailurePolicy is specified')];
  return [];
}

export function validateCronJob(job: Fields): Causes {
  const spec = fieldsAt(job, "spec");
  const template = fieldsAt(spec, "jobTemplate", "spec");
  const path = "spec.jobTemplate.spec";
  const causes = [
    ...validateSchedule("spec.schedule", textAt(spec, "schedule")),
    ...nonNegatives("spec", spec, ["startingDeadlineSeconds"]),
    ...validateTimeZone("spec.timeZone", spec["timeZone"]),
    ...choice("spec.concurrencyPolicy", spec["concurrencyPolicy"], ["Allow", "Forbid", "Replace"], "required"),
    ...validateJobSpec(path, template),
  ];
  if (isFields(template["selector"]))
    causes.push(invalidValue(`${path}.selector`, template["selector"], "`selector` will be auto-generated"));
  if (template["manualSelector"] === true)
    causes.push(unsupportedValue(`${path}.manualSelector`, true, ["nil", "false"]));
  return [...causes, ...nonNegatives("spec", spec, ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"])];
}

function validateSchedule(path: string, schedule: string): Causes {
  if (schedule === "") return [requiredValue(path)];
  const problem = cronProblem(schedule);
  const causes = problem === undefined ? [] : [invalidValue(path, schedule, problem)];
  if (schedule.includes("TZ"))
    causes.push(invalidValue(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  return causes;
}

function validateTimeZone(path: string, zone: unknown): Causes {
  if (zone === undefined) return [];
  const name = String(zone);
  if (name === "") return [invalidValue(path, zone, "timeZone must be nil or non-empty string")];
  const isOdd = (part: string) =>
    part === "." || part === ".." || part.startsWith("-") || !/^[A-Za-z.\-_0-9+]{1,14}$/.test(part);
  if (name.split("/").some(isOdd)) return [invalidValue(path, zone, `unknown time zone ${name}`)];
  if (name.toLowerCase() === "local") {
    const detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    return [invalidValue(path, zone, detail)];
  }
  return isTimeZone(name) ? [] : [invalidValue(path, zone, `unknown time zone ${name}`)];
}
