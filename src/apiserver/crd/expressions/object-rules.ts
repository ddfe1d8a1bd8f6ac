import {
  duplicateValue,
  faultText,
  forbiddenValue,
  invalidValue,
  isFields,
  requiredValue,
  type Schema,
  type StatusCause,
  type ValidationRule,
  valueSchema,
} from "../../../apimachinery/index.ts";
import {
  type Declaration,
  declarationOf,
  escapeName,
  evaluate,
  none,
  Optional,
  type Program,
  type ReadValue,
  resourceReader,
  type Variables,
  valueReader,
} from "../../../cel/index.ts";
import { type CompiledRule, compileRules, selfTypeName } from "./compile-rules.ts";
import { Correlation, itemBefore } from "./correlation.ts";

/** What the rules of one object may cost together, and one evaluation alone: `RuntimeCELCostBudget` and `PerCallLimit`. */
const objectCostMax = 10_000_000;
const callCostMax = 1_000_000;
/** How long a message may be that an expression makes, in bytes: `MaxEvaluatedMessageExpressionSizeBytes`. */
const messageSizeMax = 5 * 1024;

/**
 * Checks an object against the rules of its schema.
 *
 * @param live the object before an update
 * @param warn gets what rules say of parts that did not change, which does not stop an update
 */
export function ruleCauses(
  object: unknown,
  schema: Schema,
  live?: unknown,
  warn: (text: string) => void = () => {},
): StatusCause[] {
  const checker = checkerOf(schema);
  if (checker === undefined) return [];
  const correlation = live === undefined ? undefined : new Correlation(object, live, schema);
  const findings: Findings = { causes: [], budget: objectCostMax, warn };
  checkValue(checker, { path: "", value: object, old: live, correlation, nearest: undefined }, findings);
  return findings.causes;
}

/** Whether a schema has rules anywhere. */
export function hasRules(schema: Schema): boolean {
  return checkerOf(schema) !== undefined;
}

/** The rules of a schema and of what is below it, as far as there are any. */
type Checker = {
  readonly schema: Schema;
  readonly read: ReadValue;
  /** Compiled when the first value comes. */
  readonly rules: () => readonly CompiledRule[];
  readonly items: Checker | undefined;
  readonly values: Checker | undefined;
  readonly properties: ReadonlyMap<string, Checker>;
};

const checkers = new WeakMap<Schema, { readonly is: Checker | undefined }>();

function checkerOf(schema: Schema): Checker | undefined {
  let known = checkers.get(schema);
  if (known === undefined) {
    const declaration = once(() => declarationOf(schema, true, selfTypeName));
    known = { is: containsRules(schema) ? makeChecker(schema, true, declaration) : undefined };
    checkers.set(schema, known);
  }
  return known.is;
}

/** Schemas of custom resources are trees; JSON limits how deep they are. */
function containsRules(schema: Schema): boolean {
  if ((schema["x-kubernetes-validations"] ?? []).length > 0) return true;
  const inner = [schema.items, valueSchema(schema), ...Object.values(schema.properties ?? {})];
  return inner.some((below) => below !== undefined && containsRules(below));
}

function once<T>(make: () => T): () => T {
  let made: { is: T } | undefined;
  return () => {
    made ??= { is: make() };
    return made.is;
  };
}

function makeChecker(
  schema: Schema,
  isResource: boolean,
  declaration: () => Declaration | undefined,
): Checker | undefined {
  const below = (inner: Schema | undefined, declare: () => Declaration | undefined) =>
    inner === undefined ? undefined : makeChecker(inner, inner["x-kubernetes-embedded-resource"] === true, declare);
  const items = below(schema.items, () => declaration()?.elements);
  const values = below(valueSchema(schema), () => declaration()?.elements);
  const properties = new Map<string, Checker>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const escaped = escapeName(name);
    const isEmbedded = property["x-kubernetes-embedded-resource"] === true;
    const declare = once(() =>
      escaped === undefined ? declarationOf(property, isEmbedded, selfTypeName) : declaration()?.fields.get(escaped),
    );
    const checker = below(property, declare);
    if (checker !== undefined) properties.set(name, checker);
  }
  const own = (schema["x-kubernetes-validations"] ?? []).length > 0;
  if (!own && items === undefined && values === undefined && properties.size === 0) return undefined;
  const rules = once(() => {
    const type = own ? declaration() : undefined;
    return type === undefined ? [] : compileRules(schema, type, () => "stored");
  });
  return { schema, read: isResource ? resourceReader(schema) : valueReader(schema), rules, items, values, properties };
}

type Findings = {
  readonly causes: StatusCause[];
  /** What is left of the costs; negative when nothing more is checked. */
  budget: number;
  readonly warn: (text: string) => void;
};

/** A value to check: its counterpart before, and how it or the nearest value above correlates with one. */
type Subject = {
  readonly path: string;
  readonly value: unknown;
  readonly old: unknown;
  readonly correlation: Correlation | undefined;
  readonly nearest: Correlation | undefined;
};

function checkValue(checker: Checker, subject: Subject, findings: Findings): void {
  const { path, value, old } = subject;
  if (value === null || value === undefined || findings.budget < 0) return;
  checkRules(checker, subject, findings);
  const { correlation } = subject;
  if (Array.isArray(value)) {
    if (checker.items === undefined) return;
    for (const [index, item] of value.entries()) {
      if (findings.budget < 0) return;
      const before = itemBefore(old, item, checker.schema);
      const inner = {
        ...nextOf(subject, correlation?.item(index)),
        path: `${path}[${index}]`,
        value: item,
        old: before,
      };
      checkValue(checker.items, inner, findings);
    }
    return;
  }
  if (!isFields(value)) return;
  const oldFields = isFields(old) ? old : {};
  for (const [name, field] of Object.entries(value)) {
    const below = checker.values ?? checker.properties.get(name);
    if (below === undefined) continue;
    if (findings.budget < 0) return;
    const before = Object.hasOwn(oldFields, name) ? oldFields[name] : undefined;
    const step = checker.values !== undefined ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
    const next = isTypeName(subject, name) ? uncorrelated : nextOf(subject, correlation?.field(name));
    checkValue(below, { ...next, path: step, value: field, old: before }, findings);
  }
}

const uncorrelated = { correlation: undefined, nearest: undefined };

/** The type of an object cannot be compared with what it was: both are shown in the same version. */
function isTypeName({ path }: Subject, name: string): boolean {
  return path === "" && (name === "apiVersion" || name === "kind");
}

function nextOf(
  { correlation, nearest }: Subject,
  next: Correlation | undefined,
): Pick<Subject, "correlation" | "nearest"> {
  return correlation === undefined ? { correlation, nearest } : { correlation: next, nearest: correlation };
}

function checkRules({ schema, read, rules }: Checker, subject: Subject, findings: Findings): void {
  const compiled = rules();
  if (compiled.length === 0) return;
  const { path, value, old } = subject;
  const shown = schema.type ?? "";
  if (findings.budget <= 0) {
    stop(findings, path, shown, outOfBudget);
    return;
  }
  const self = read(value);
  const hasOld = old !== undefined && old !== null;
  const needsOld = compiled.some(({ usesOldSelf }) => usesOldSelf);
  const oldSelf = hasOld && needsOld ? read(old) : undefined;
  const variables: Variables = oldSelf === undefined ? { self } : { self, oldSelf };
  const optional: Variables = { self, oldSelf: oldSelf === undefined ? none : new Optional(oldSelf) };
  for (const rule of compiled) {
    if (rule.error !== undefined) {
      findings.causes.push(invalid(path, shown, `rule compile error: ${rule.error}`));
      continue;
    }
    const isOptional = rule.rule.optionalOldSelf === true;
    if (rule.program === undefined || (rule.usesOldSelf && !hasOld && !isOptional)) continue;
    const passes = checkRule(rule, rule.program, isOptional ? optional : variables, { path, shown }, findings);
    if (findings.budget < 0) return;
    if (!passes) refuse(rule, subject, shown, variables, findings);
  }
}

type Where = { readonly path: string; readonly shown: string };

const outOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

function stop(findings: Findings, path: string, shown: string, why: string): void {
  findings.causes.push(invalid(path, shown, why));
  findings.budget = -1;
}

/** @returns false when the rule says no; what fails otherwise is reported here */
function checkRule(
  { rule }: CompiledRule,
  program: Program,
  variables: Variables,
  { path, shown }: Where,
  findings: Findings,
): boolean {
  const { value, error, cost } = evaluate(program, variables, callCostMax);
  if (cost > findings.budget) {
    stop(findings, path, shown, outOfBudget);
    return true;
  }
  findings.budget -= cost;
  if (error === undefined) return value === true;
  const what = nameOf(rule);
  if (error.startsWith("no such overload")) {
    const why = "call arguments did not match a supported operator, function or macro signature for rule";
    findings.causes.push(invalid(path, shown, `'${error}': ${why}: ${what}`));
  } else if (error.startsWith("operation cancelled: actual cost limit exceeded")) {
    const why = "no further validation rules will be run due to call cost exceeds limit for rule";
    stop(findings, path, shown, `'${error}': ${why}: ${what}`);
  } else {
    findings.causes.push(invalid(path, shown, `${error} evaluating rule: ${what}`));
  }
  return true;
}

function refuse(rule: CompiledRule, subject: Subject, shown: string, variables: Variables, findings: Findings): void {
  const { path, correlation, nearest } = subject;
  const field = rule.fieldPath === "" ? path : path === "" ? rule.fieldPath : `${path}.${rule.fieldPath}`;
  const say = (cause: StatusCause) => {
    // What was wrong before and did not change does not stop an update.
    if (!rule.usesOldSelf && (correlation ?? nearest)?.unchanged === true) findings.warn(faultText(cause));
    else findings.causes.push(cause);
  };
  const message = messageOf(rule, variables, findings);
  if (findings.budget < 0) say(invalid(field, shown, message));
  else say(causeOf(rule.rule, field, shown, message));
}

/** What a rule says when it refuses: what its expression makes, or else its fixed message. */
function messageOf({ rule, message }: CompiledRule, variables: Variables, findings: Findings): string {
  const fixed = rule.message ? rule.message.trim() : `failed rule: ${nameOf(rule)}`;
  if (message === undefined) return fixed;
  const { value, error, cost } = evaluate(message, variables, callCostMax);
  const expression = rule.messageExpression ?? "";
  if (cost > findings.budget) {
    findings.budget = -1;
    return "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run";
  }
  findings.budget -= cost;
  if (error?.startsWith("operation cancelled: actual cost limit exceeded")) {
    findings.budget = -1;
    const why = "no further validation rules will be run due to call cost exceeds limit for messageExpression";
    return `${why}: ${JSON.stringify(expression)}`;
  }
  if (typeof value !== "string") return fixed;
  const text = value.trim();
  const isUsable = text !== "" && !text.includes("\n") && Buffer.byteLength(text) <= messageSizeMax;
  return isUsable ? text : fixed;
}

function nameOf({ message, rule }: ValidationRule): string {
  return (message || rule).trim();
}

/** A field error knows no root: there, its path is nil. */
function placeOf(path: string): string {
  return path === "" ? "<nil>" : path;
}

function invalid(path: string, shown: string, detail: string): StatusCause {
  return invalidValue(placeOf(path), shown, detail);
}

function causeOf({ reason }: ValidationRule, path: string, shown: string, detail: string): StatusCause {
  switch (reason) {
    case "FieldValueForbidden":
      return forbiddenValue(placeOf(path), detail);
    case "FieldValueRequired":
      return requiredValue(placeOf(path), detail);
    case "FieldValueDuplicate":
      return duplicateValue(placeOf(path), shown);
    default:
      return invalid(path, shown, detail);
  }
}
