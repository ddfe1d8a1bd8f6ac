import {
  deepEqual,
  duplicateValue,
  type Fields,
  fieldsAt,
  invalidValue,
  isFields,
  itemsAt,
  numberAt,
  requiredValue,
  textAt,
  textsAt,
} from "../../../apimachinery/index.ts";
import { firstCommonIndex, parseIndexList } from "./job-indexes.ts";
import { invalidPart } from "./job-policies.ts";
import { type Causes, nonNegatives } from "./values.ts";

const conditionsAt = "status.conditions";

/**
 * Judges a new status of a Job. What a status says is judged only when it changes, so that a change of the spec, which may
 * make it wrong for a while, keeps nobody from putting it right.
 */
export function validateJobStatus(job: Fields, old: Fields): Causes {
  const status = fieldsAt(job, "status");
  return [
    ...nonNegatives("status", status, ["active", "succeeded", "failed", "ready", "terminating"]),
    ...validateUncounted(status),
    ...validateEnding(job, old),
    ...validateIndexes(job, old),
    ...validateTransition(job, old),
  ];
}

function isTrue(job: Fields, type: string): boolean {
  return itemsAt(job, "status", "conditions").some(
    (condition) => condition["type"] === type && condition["status"] === "True",
  );
}

function isFinished(job: Fields): boolean {
  return isTrue(job, "Complete") || isTrue(job, "Failed");
}

function validateUncounted(status: Fields): Causes {
  const seen = new Set<string>();
  return ["succeeded", "failed"].flatMap((list) =>
    textsAt(status, "uncountedTerminatedPods", list).flatMap((uid, index) => {
      const at = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === "") return [invalidValue(at, uid, "must not be empty")];
      if (seen.has(uid)) return [duplicateValue(at, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function validateEnding(job: Fields, old: Fields): Causes {
  const status = fieldsAt(job, "status");
  const before = fieldsAt(old, "status");
  const spec = fieldsAt(job, "spec");
  const causes: Causes = [];
  const changed = (...fields: string[]) => fields.some((field) => !deepEqual(status[field], before[field]));
  const turned = (...types: string[]) => types.some((type) => isTrue(job, type) !== isTrue(old, type));
  const finished = isFinished(job);
  const ended = finished !== isFinished(old);
  const [complete, failed] = [isTrue(job, "Complete"), isTrue(job, "Failed")];
  const [met, target] = [isTrue(job, "SuccessCriteriaMet"), isTrue(job, "FailureTarget")];
  const { startTime, completionTime } = status;
  const forbid = (isWrong: boolean, detail: string) => {
    if (isWrong) causes.push(invalidPart(conditionsAt, detail));
  };
  if (turned("Complete", "Failed")) forbid(complete && failed, "cannot set Complete=True and Failed=true conditions");
  if (turned("Complete", "FailureTarget"))
    forbid(complete && target, "cannot set Complete=True and FailureTarget=true conditions");
  if (turned("Complete") || changed("completionTime")) {
    const detail = "cannot set completionTime when there is no Complete=True condition";
    if (completionTime !== undefined && !complete)
      causes.push(invalidValue("status.completionTime", completionTime, detail));
    if (completionTime === undefined && complete)
      causes.push(requiredValue("status.completionTime", "completionTime is required for Complete jobs"));
  }
  if (changed("startTime", "completionTime") && isBefore(completionTime, startTime))
    causes.push(invalidValue("status.completionTime", completionTime, "must be equal to or after `startTime`"));
  if (turned("Failed") || changed("failedIndexes"))
    forbid(failed && !target, "cannot set Failed=True condition without the FailureTarget=true condition");
  if (turned("Complete", "SuccessCriteriaMet"))
    forbid(complete && !met, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
  if ((ended || changed("active")) && finished && numberAt(status, ["active"]) > 0)
    causes.push(invalidValue("status.active", status["active"], "active>0 is invalid for finished job"));
  const isEmptySuspended = spec["suspend"] === true && spec["completions"] === 0;
  if ((ended || changed("startTime")) && !isEmptySuspended && finished && startTime === undefined)
    causes.push(requiredValue("status.startTime", "startTime is required for finished job"));
  const uncounted = ["failed", "succeeded"].flatMap((list) => textsAt(status, "uncountedTerminatedPods", list));
  if ((ended || changed("uncountedTerminatedPods")) && finished && uncounted.length > 0) {
    const { uncountedTerminatedPods } = status;
    causes.push(
      invalidValue("status.uncountedTerminatedPods", uncountedTerminatedPods, "must be empty for finished job"),
    );
  }
  if ((ended || changed("terminating")) && finished && numberAt(status, ["terminating"]) > 0)
    causes.push(invalidValue("status.terminating", status["terminating"], "terminating>0 is invalid for finished job"));
  if (changed("ready", "active") && numberAt(status, ["ready"]) > numberAt(status, ["active"]))
    causes.push(invalidValue("status.ready", status["ready"], "cannot set more ready pods than active"));
  forbid(met && failed, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  forbid(met && target, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  forbid(
    isFields(spec["successPolicy"]) && !met && complete,
    "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
  );
  return causes;
}

function isBefore(one: unknown, other: unknown): boolean {
  return typeof one === "string" && typeof other === "string" && Date.parse(one) < Date.parse(other);
}

function validateIndexes(job: Fields, old: Fields): Causes {
  const status = fieldsAt(job, "status");
  const before = fieldsAt(old, "status");
  const spec = fieldsAt(job, "spec");
  const { completions } = spec;
  const completed = textAt(status, "completedIndexes");
  const { failedIndexes } = status;
  const causes: Causes = [];
  const completedChanged = completed !== textAt(before, "completedIndexes");
  const failedChanged = failedIndexes !== before["failedIndexes"];
  const parse = (field: string, text: string) => {
    const parsed = typeof completions === "number" ? parseIndexList(text, completions) : "";
    if (typeof parsed === "string" && parsed !== "")
      causes.push(invalidValue(`status.${field}`, text, `error parsing ${field}: ${parsed}`));
  };
  if (completedChanged) parse("completedIndexes", completed);
  const perIndex = spec["backoffLimitPerIndex"] !== undefined;
  if (failedChanged && perIndex && typeof failedIndexes === "string") parse("failedIndexes", failedIndexes);
  if (completedChanged && completed !== "" && spec["completionMode"] !== "Indexed") {
    const detail = "cannot set non-empty completedIndexes when non-indexed completion mode";
    causes.push(invalidValue("status.completedIndexes", completed, detail));
  }
  if (failedChanged && failedIndexes !== undefined && !perIndex) {
    const detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
    causes.push(invalidValue("status.failedIndexes", failedIndexes, detail));
  }
  if ((completedChanged || failedChanged) && typeof failedIndexes === "string" && typeof completions === "number") {
    const common = firstCommonIndex(completed, failedIndexes, completions);
    if (common !== undefined) {
      const detail = `failedIndexes and completedIndexes overlap at index: ${common}`;
      causes.push(invalidValue("status.failedIndexes", failedIndexes, detail));
    }
  }
  return causes;
}

/** What was once said cannot be taken back. */
function validateTransition(job: Fields, old: Fields): Causes {
  const status = fieldsAt(job, "status");
  const before = fieldsAt(old, "status");
  const spec = fieldsAt(job, "spec");
  const causes: Causes = [];
  for (const type of ["Failed", "Complete", "FailureTarget"]) {
    if (isTrue(old, type) && !isTrue(job, type))
      causes.push(invalidPart(conditionsAt, `cannot disable the terminal ${type}=True condition`));
  }
  const decreased = (field: string) => numberAt(status, [field]) < numberAt(before, [field]);
  if (decreased("failed"))
    causes.push(invalidValue("status.failed", numberAt(status, ["failed"]), "cannot decrease the failed counter"));
  const isElastic = spec["completionMode"] === "Indexed" && spec["completions"] === spec["parallelism"];
  if (!isElastic && decreased("succeeded")) {
    const detail = "cannot decrease the succeeded counter";
    causes.push(invalidValue("status.succeeded", numberAt(status, ["succeeded"]), detail));
  }
  const { completionTime, startTime } = status;
  const completedBefore = before["completionTime"];
  if (completionTime !== undefined && completedBefore !== undefined && completionTime !== completedBefore)
    causes.push(invalidValue("status.completionTime", completionTime, "field is immutable"));
  const startedBefore = before["startTime"];
  if (startedBefore !== undefined && startTime !== startedBefore && spec["suspend"] !== true && !isResumed(job, old))
    causes.push(requiredValue("status.startTime", "startTime cannot be removed for unsuspended job"));
  if (isTrue(old, "SuccessCriteriaMet") && !isTrue(job, "SuccessCriteriaMet"))
    causes.push(invalidPart(conditionsAt, "cannot disable the SuccessCriteriaMet=True condition"));
  if (isTrue(old, "Complete") && !isTrue(old, "SuccessCriteriaMet") && isTrue(job, "SuccessCriteriaMet")) {
    const detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
    causes.push(invalidPart(conditionsAt, detail));
  }
  return causes;
}

function isResumed(job: Fields, old: Fields): boolean {
  const isSuspendedFalse = itemsAt(job, "status", "conditions").some(
    ({ type, status }) => type === "Suspended" && status === "False",
  );
  return isTrue(old, "Suspended") && isSuspendedFalse;
}
