import {
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  isStatusError,
  itemsAt,
  type KubeObject,
  parseFieldSelector,
  parseLabelSelector,
  requiredValue,
  type StatusCause,
  textAt,
  textsAt,
  validateLabelValue,
  validateQualifiedName,
  valueAt,
} from "../../apimachinery/index.ts";

const inSpec = "spec.resourceAttributes";

/** What is wrong with an access review. @param aboutSelf it names no subject, the others must */
export function reviewFaults(
  review: KubeObject,
  { aboutSelf, local }: { aboutSelf: boolean; local: boolean },
): StatusCause[] {
  const resource = valueAt(review, "spec", "resourceAttributes");
  const path = valueAt(review, "spec", "nonResourceAttributes");
  const causes: StatusCause[] = [];
  const shown = { Path: textAt(path, "path"), Verb: textAt(path, "verb") };
  if (isFields(resource) && isFields(path))
    causes.push(
      invalidValue("spec.nonResourceAttributes", shown, "cannot be specified in combination with resourceAttributes"),
    );
  if (!isFields(resource) && !isFields(path))
    causes.push(
      invalidValue(inSpec, null, "exactly one of nonResourceAttributes or resourceAttributes must be specified"),
    );
  if (!aboutSelf && textAt(review, "spec", "user") === "" && textsAt(review, "spec", "groups").length === 0)
    causes.push(invalidValue("spec.user", "", "at least one of user or group must be specified"));
  causes.push(...selectorFaults(resource, "fieldSelector", fieldRequirementFaults));
  causes.push(...selectorFaults(resource, "labelSelector", labelRequirementFaults));
  const { namespace, managedFields: _tracked, ...metadata } = review.metadata;
  const own = local ? metadata : { ...metadata, ...(namespace && { namespace }) };
  if (Object.keys(own).length > 0)
    causes.push(invalidValue("metadata", review.metadata, `must be empty${local ? " except for namespace" : ""}`));
  if (!local) return causes;
  if (isFields(resource) && textAt(resource, "namespace") !== namespace)
    causes.push(invalidValue(`${inSpec}.namespace`, textAt(resource, "namespace"), "must match metadata.namespace"));
  if (isFields(path))
    causes.push(invalidValue("spec.nonResourceAttributes", shown, "disallowed on this kind of request"));
  return causes;
}

function selectorFaults(
  resource: unknown,
  field: string,
  requirementFaults: (requirement: Fields, path: string) => StatusCause[],
): StatusCause[] {
  const selector = valueAt(resource, field);
  if (!isFields(selector)) return [];
  const path = `${inSpec}.${field}`;
  const raw = textAt(selector, "rawSelector");
  const requirements = itemsAt(selector, "requirements");
  const causes: StatusCause[] = [];
  if (raw !== "" && requirements.length > 0)
    causes.push(invalidValue(`${path}.rawSelector`, raw, "may not specified at the same time as requirements"));
  if (raw === "" && requirements.length === 0) {
    const why = `when ${path} is specified, requirements or rawSelector is required`;
    causes.push(requiredValue(`${path}.requirements`, why));
  }
  return [
    ...causes,
    ...requirements.flatMap((requirement, index) => requirementFaults(requirement, `${path}.requirements[${index}]`)),
  ];
}

function fieldRequirementFaults(requirement: Fields, path: string): StatusCause[] {
  const missing = textAt(requirement, "key") === "" ? [requiredValue(`${path}.key`, "must be specified")] : [];
  return [...missing, ...countFaults(requirement, path)];
}

function labelRequirementFaults(requirement: Fields, path: string): StatusCause[] {
  const key = textAt(requirement, "key");
  const values = textsAt(requirement, "values");
  return [
    ...countFaults(requirement, path),
    ...validateQualifiedName(key).map((problem) => invalidValue(`${path}.key`, key, problem)),
    ...values.flatMap((value, index) =>
      validateLabelValue(value).map((problem) => invalidValue(`${path}.values[${index}]`, value, problem)),
    ),
  ];
}

/** Operators that are not known here are let through: a newer client may know more. */
function countFaults(requirement: Fields, path: string): StatusCause[] {
  const operator = textAt(requirement, "operator");
  const none = textsAt(requirement, "values").length === 0;
  if (none && takesValues(operator))
    return [requiredValue(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
  if (!none && takesNoValues(operator))
    return [forbiddenValue(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  return [];
}

function takesValues(operator: string): boolean {
  return operator === "In" || operator === "NotIn";
}

function takesNoValues(operator: string): boolean {
  return operator === "Exists" || operator === "DoesNotExist";
}

/**
 * What of the selectors in an access review nobody understands. It is left out of the question, which then asks for more than
 * was meant.
 */
export function selectorProblems(review: KubeObject): string {
  const resource = fieldsAt(review, "spec", "resourceAttributes");
  const problems = [
    problemOf(resource, "fieldSelector", parseFieldSelector, ({ operator, values }) => {
      return takesValues(textAt(operator)) && textsAt(values).length === 1;
    }),
    problemOf(resource, "labelSelector", parseLabelSelector, ({ operator }) => {
      return takesValues(textAt(operator)) || takesNoValues(textAt(operator));
    }),
  ];
  return problems.filter((problem) => problem !== "").join("; ");
}

function problemOf(
  resource: Fields,
  field: string,
  parse: (text: string) => unknown,
  isKnown: (requirement: Fields) => boolean,
): string {
  const requirements = itemsAt(resource, field, "requirements");
  const known = requirements.filter(isKnown).length;
  const raw = textAt(resource, field, "rawSelector");
  if (known === requirements.length && (raw === "" || canParse(parse, raw))) return "";
  return `${inSpec}.${field} ${known > 0 ? "partially ignored" : "ignored"} due to parse error`;
}

function canParse(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (isStatusError(error)) return false;
    throw error;
  }
}
