import {
  deepEqual,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  isStatusError,
  itemsAt,
  type LabelSelectorObject,
  listAt,
  matchesLabels,
  type NameProblems,
  requiredValue,
  type StatusCause,
  selectorFromObject,
  textAt,
  unsupportedValue,
  validateLabelValue,
  validateQualifiedName,
} from "../../../apimachinery/index.ts";
import { parseAddress, parseRange } from "../addresses.ts";

/** What validation finds; the causes of an `Invalid` status. Paths are those of Kubernetes: `spec.ports[0].name`. */
export type Causes = StatusCause[];

/** Problems of one text as causes of its field. */
export function named(field: string, text: string, check: (text: string) => NameProblems): Causes {
  return check(text).map((problem) => invalidValue(field, text, problem));
}

/** A text that must be there, and then be right. */
export function requiredName(field: string, text: string, check?: (text: string) => NameProblems): Causes {
  if (text === "") return [requiredValue(field)];
  return check === undefined ? [] : named(field, text, check);
}

export function required(field: string, value: unknown, detail = ""): Causes {
  const missing = value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
  return missing ? [requiredValue(field, detail)] : [];
}

/** One of a few words. @param otherwise what an absent one is; `allowed` unless said */
export function choice(
  field: string,
  value: unknown,
  words: readonly string[],
  otherwise: "allowed" | "required" = "allowed",
): Causes {
  return choiceInOrder(field, value, [...words].sort(), otherwise);
}

/** `choice` where Kubernetes does not sort the words. */
export function choiceInOrder(
  field: string,
  value: unknown,
  words: readonly string[],
  otherwise: "allowed" | "required" = "allowed",
): Causes {
  if (value === undefined || value === null || value === "")
    return otherwise === "required" ? [requiredValue(field)] : [];
  return words.includes(String(value)) ? [] : [unsupportedValue(field, value, words)];
}

/** One of a few words, or none. Use it for what Go holds as a pointer: empty text is none of the words. */
export function pointedChoice(field: string, value: unknown, words: readonly string[]): Causes {
  return typeof value !== "string" || words.includes(value) ? [] : [unsupportedValue(field, value, words)];
}

export function notFound(field: string, value: string, detail = ""): StatusCause {
  const message = `Not found: ${JSON.stringify(value)}${detail === "" ? "" : `: ${detail}`}`;
  return { reason: "FieldValueNotFound", message, field };
}

export function nonNegative(field: string, value: unknown): Causes {
  return typeof value === "number" && value < 0
    ? [invalidValue(field, value, "must be greater than or equal to 0")]
    : [];
}

/** `nonNegative` for several fields of one object. */
export function nonNegatives(path: string, object: Fields, names: readonly string[]): Causes {
  return names.flatMap((name) => nonNegative(`${path}.${name}`, object[name]));
}

export function inRange(field: string, value: unknown, min: number, max: number): Causes {
  if (typeof value !== "number" || (value >= min && value <= max)) return [];
  return [invalidValue(field, value, `must be between ${min} and ${max}, inclusive`)];
}

export const portNumber = (field: string, value: unknown): Causes => inRange(field, value, 1, 65_535);

/** What may not change once it is set. */
export function immutable(field: string, value: unknown, before: unknown): Causes {
  return deepEqual(value, before) ? [] : [invalidValue(field, value ?? null, "field is immutable")];
}

/** A count, or a percentage of one. */
export function countOrPercent(field: string, value: unknown): Causes {
  if (typeof value === "number") return nonNegative(field, value);
  if (typeof value !== "string") return [];
  if (/^\d+%$/.test(value)) return [];
  const words = "a valid percent string must be a numeric string followed by an ending '%'";
  return [invalidValue(field, value, `${words} (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`)];
}

/** The percentage, or `undefined` for a plain count. */
export function percentOf(value: unknown): number | undefined {
  return typeof value === "string" && value.endsWith("%") ? Number(value.slice(0, -1)) : undefined;
}

export function notOver100Percent(field: string, value: unknown): Causes {
  return (percentOf(value) ?? 0) > 100 ? [invalidValue(field, value, "must not be greater than 100%")] : [];
}

export function validateLabels(field: string, labels: unknown): Causes {
  return Object.entries(isFields(labels) ? labels : {}).flatMap(([key, value]) => [
    ...named(field, key, validateQualifiedName),
    ...named(field, String(value), validateLabelValue),
  ]);
}

export function validateSelector(path: string, selector: unknown): Causes {
  if (!isFields(selector)) return [];
  return [
    ...validateLabels(`${path}.matchLabels`, selector["matchLabels"]),
    ...itemsAt(selector, "matchExpressions").flatMap((expression, index) =>
      validateRequirement(`${path}.matchExpressions[${index}]`, expression),
    ),
  ];
}

function validateRequirement(path: string, expression: Fields): Causes {
  const operator = textAt(expression, "operator");
  const values = listAt(expression, "values");
  const causes = named(`${path}.key`, textAt(expression, "key"), validateQualifiedName);
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0)
      causes.unshift(requiredValue(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0)
      causes.unshift(
        forbiddenValue(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
  } else {
    causes.unshift(invalidValue(`${path}.operator`, operator, "not a valid selector operator"));
  }
  return [
    ...causes,
    ...values.flatMap((value, index) => named(`${path}.values[${index}]`, String(value), validateLabelValue)),
  ];
}

/** Whether a selector holds for labels; one that is itself wrong is somebody else's cause. */
export function selects(selector: unknown, labels: unknown): boolean {
  const texts = Object.entries(isFields(labels) ? labels : {}).map(([key, value]) => [key, String(value)] as const);
  try {
    return matchesLabels(selectorFromObject(selectorObject(selector)), Object.fromEntries(texts));
  } catch (error) {
    if (isStatusError(error)) return true;
    throw error;
  }
}

/** Whether a selector is one that can be asked. */
export function isSelector(selector: unknown): boolean {
  try {
    selectorFromObject(selectorObject(selector));
    return true;
  } catch (error) {
    if (isStatusError(error)) return false;
    throw error;
  }
}

function selectorObject(selector: unknown): LabelSelectorObject {
  const labels = Object.entries(fieldsAt(selector, "matchLabels")).map(([key, value]) => [key, String(value)] as const);
  return {
    matchLabels: Object.fromEntries(labels),
    matchExpressions: itemsAt(selector, "matchExpressions").map((expression) => ({
      key: textAt(expression, "key"),
      operator: textAt(expression, "operator"),
      values: listAt(expression, "values").map(String),
    })),
  };
}

/** An address in a field that takes also what is not in the usual form; see `warnOfAddress`. */
export function validateIp(field: string, value: unknown): Causes {
  if (typeof value === "string" && parseAddress(value) !== undefined) return [];
  return [invalidValue(field, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
}

/** A range of addresses, likewise. */
export function validateCidr(field: string, value: unknown): Causes {
  if (parseRange(String(value)) !== undefined) return [];
  return [invalidValue(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")];
}

/** A range of addresses in a field that takes it in its canonical form alone. */
export function validateStrictCidr(field: string, value: unknown): Causes {
  const found = parseRange(String(value));
  if (found === undefined) return validateCidr(field, value);
  if (found.isOdd && String(value).includes(":"))
    return [invalidValue(field, value, "must not have an IPv4-mapped IPv6 address")];
  if (found.isOdd) return [invalidValue(field, value, "must not have leading 0s in IP or prefix length")];
  if (!found.isNetwork) return [invalidValue(field, value, "must not have bits set beyond the prefix length")];
  if (found.canonical === value) return [];
  return [invalidValue(field, value, `must be in canonical form (${JSON.stringify(found.canonical)})`)];
}

/** A path inside a volume: relative, and never out of it. */
export function validateInnerPath(field: string, path: string): Causes {
  const causes: Causes = [];
  if (path.startsWith("/")) causes.push(invalidValue(field, path, "must be a relative path"));
  if (path.split("/").includes("..")) causes.push(invalidValue(field, path, "must not contain '..'"));
  return causes;
}

/** Calls back with each item of a list and its path. */
export function eachItem(
  object: unknown,
  path: string,
  name: string,
  check: (item: Fields, path: string, index: number) => Causes,
): Causes {
  return itemsAt(object, name).flatMap((item, index) => check(item, `${path}.${name}[${index}]`, index));
}
