import {
  duplicateValue,
  type Fields,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  requiredValue,
  type StatusCause,
  textAt,
  tooLong,
  tooMany,
  unsupportedValue,
  validateQualifiedName,
} from "../../../apimachinery/index.ts";
import { parseIndexList } from "./job-indexes.ts";
import { type Causes, eachItem, named, nonNegative } from "./values.ts";

/** Limits of batch/v1. */
const rulesMax = 20;
const exitCodesMax = 255;
const conditionsMax = 20;
const indexListLengthMax = 64 * 1024;

/** A fault of something whose value is too large to be shown. */
export function invalidPart(field: string, detail: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${detail}`, field };
}

/** A word that must be there, and be one of a few; the message lists them in both cases. */
function word(field: string, value: string, words: readonly string[]): Causes {
  if (value === "")
    return [requiredValue(field, `valid values: [${words.map((one) => JSON.stringify(one)).join(" ")}]`)];
  return words.includes(value) ? [] : [unsupportedValue(field, value, words)];
}

/** @param spec of a job with a `podFailurePolicy` */
export function validateFailurePolicy(path: string, spec: Fields): Causes {
  const policy = spec["podFailurePolicy"];
  const count = listAt(policy, "rules").length;
  return [
    ...(count > rulesMax ? [tooMany(`${path}.rules`, count, rulesMax)] : []),
    ...eachItem(policy, path, "rules", (rule, at) => validateFailureRule(at, rule, spec)),
  ];
}

function validateFailureRule(path: string, rule: Fields, spec: Fields): Causes {
  const action = textAt(rule, "action");
  const codes = rule["onExitCodes"];
  const conditions = listAt(rule, "onPodConditions").length;
  const causes = word(`${path}.action`, action, ["Count", "FailIndex", "FailJob", "Ignore"]);
  if (action === "FailIndex" && spec["backoffLimitPerIndex"] === undefined)
    causes.push(invalidValue(`${path}.action`, action, "requires the backoffLimitPerIndex to be set"));
  if (isFields(codes)) causes.push(...validateExitCodes(`${path}.onExitCodes`, codes, spec));
  if (conditions > conditionsMax) causes.push(tooMany(`${path}.onPodConditions`, conditions, conditionsMax));
  causes.push(
    ...eachItem(rule, path, "onPodConditions", (pattern, at) => [
      ...named(`${at}.type`, textAt(pattern, "type"), validateQualifiedName),
      ...word(`${at}.status`, textAt(pattern, "status"), ["False", "True", "Unknown"]),
    ]),
  );
  if (isFields(codes) && conditions > 0)
    causes.push(invalidPart(path, "specifying both OnExitCodes and OnPodConditions is not supported"));
  if (!isFields(codes) && conditions === 0)
    causes.push(invalidPart(path, "specifying one of OnExitCodes and OnPodConditions is required"));
  return causes;
}

function validateExitCodes(path: string, codes: Fields, spec: Fields): Causes {
  const operator = textAt(codes, "operator");
  const values = listAt(codes, "values").map(Number);
  const { containerName } = codes;
  const causes = word(`${path}.operator`, operator, ["In", "NotIn"]);
  const containers = ["containers", "initContainers"].flatMap((field) => itemsAt(spec, "template", "spec", field));
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    const detail = "must be one of the container or initContainer names in the pod template";
    causes.push(invalidValue(`${path}.containerName`, containerName, detail));
  }
  if (values.length === 0)
    causes.push(invalidValue(`${path}.values`, codes["values"] ?? null, "at least one value is required"));
  else if (values.length > exitCodesMax) causes.push(tooMany(`${path}.values`, values.length, exitCodesMax));
  for (const [index, value] of values.entries()) {
    const at = `${path}.values[${index}]`;
    if (operator === "In" && value === 0) causes.push(invalidValue(at, value, "must not be 0 for the In operator"));
    if (values.indexOf(value) < index) causes.push(duplicateValue(at, value));
  }
  if (values.some((value, index) => value < (values[index - 1] ?? value)))
    causes.push(invalidValue(`${path}.values`, values, "must be ordered"));
  return causes;
}

/** @param spec of an Indexed job with a `successPolicy` */
export function validateSuccessPolicy(path: string, spec: Fields): Causes {
  const policy = spec["successPolicy"];
  const count = listAt(policy, "rules").length;
  const causes: Causes = [];
  if (count === 0) {
    const detail = "at least one rules must be specified when the successPolicy is specified";
    causes.push(requiredValue(`${path}.rules`, detail));
  }
  if (count > rulesMax) causes.push(tooMany(`${path}.rules`, count, rulesMax));
  const completions = numberAt(spec, ["completions"]);
  return [...causes, ...eachItem(policy, path, "rules", (rule, at) => validateSuccessRule(at, rule, completions))];
}

function validateSuccessRule(path: string, rule: Fields, completions: number): Causes {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  const causes: Causes = [];
  if (count === undefined && indexes === undefined)
    causes.push(requiredValue(path, "at least one of succeededCount or succeededIndexes must be specified"));
  let listed = 0;
  if (typeof indexes === "string") {
    const at = `${path}.succeededIndexes`;
    if (indexes.length > indexListLengthMax) causes.push(tooLong(at, indexListLengthMax));
    const parsed = parseIndexList(indexes, completions);
    if (typeof parsed === "string") causes.push(invalidValue(at, indexes, `error parsing succeededIndexes: ${parsed}`));
    else listed = parsed.count;
  }
  if (typeof count !== "number") return causes;
  const at = `${path}.succeededCount`;
  const limit = (most: number, of: string) => `must be less than or equal to ${most} (the number of ${of})`;
  causes.push(...nonNegative(at, count));
  if (count > completions) causes.push(invalidValue(at, count, limit(completions, "specified completions")));
  if (indexes !== undefined && count > listed)
    causes.push(invalidValue(at, count, limit(listed, "indexes in the specified succeededIndexes field")));
  return causes;
}
