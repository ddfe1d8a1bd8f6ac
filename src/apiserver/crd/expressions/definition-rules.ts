import {
  deepEqual,
  fieldsAt,
  forbiddenValue,
  formatGoJson,
  invalidValue,
  isFields,
  type KubeObject,
  listAt,
  type Schema,
  type StatusCause,
  textAt,
  type ValidationRule,
  valueSchema,
} from "../../../apimachinery/index.ts";
import { type Declaration, declarationOf, escapeName, unsignedMax } from "../../../cel/index.ts";
import { schemaOf } from "../schema-of.ts";
import { type AgeOf, type CompiledRule, cardinalityOf, compileRules, selfTypeName } from "./compile-rules.ts";
import { fieldPathOf } from "./field-path.ts";

/** What one rule, and all rules of a version, may cost at most by estimate: `StaticEstimatedCostLimit` and `…CRDCostLimit`. */
const ruleCostMax = 10_000_000;
const schemaCostMax = 100_000_000;
/** How many rules are named when all together cost too much. */
const expensiveMax = 4;

/**
 * Checks the rules of a CRD's schema: that they compile, say true or false, cost not too much, and use `oldSelf` only where an
 * old value can be found.
 *
 * @param version its name
 * @param schemaFaults what is wrong with the schema otherwise: rules at and above such places are not looked at
 * @param live the CRD before an update: its expressions may go on using what only stored ones may
 */
export function definitionRuleCauses(
  crd: KubeObject,
  version: string,
  path: string,
  schemaFaults: readonly StatusCause[],
  live: KubeObject | undefined,
): StatusCause[] {
  const schema = schemaOf(crd, version);
  const walk: Walk = {
    faults: [...schemaFaults],
    causes: [],
    total: 0,
    expensive: [],
    ageOf: ageIn(live),
    unchanged: live !== undefined && hasVersion(live, version) && deepEqual(schema, schemaOf(live, version)),
  };
  const root: Node = { schema, path, isResource: true, count: 1, uncorrelated: undefined, declare: undefined };
  visit(walk, root, false);
  const faults = walk.faults.slice(schemaFaults.length);
  // The structure itself is wrong: types cannot be told.
  if (schemaFaults.some(({ field = "" }) => !field.includes("x-kubernetes-validations"))) return faults;
  const causes = [...faults, ...walk.causes];
  if (walk.total <= schemaCostMax) return causes;
  const contributed = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
  walk.expensive.sort((a, b) => b.cost - a.cost);
  for (const { field } of walk.expensive.slice(0, expensiveMax)) causes.push(forbiddenValue(field, contributed));
  const what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
  return [...causes, forbiddenValue(path, costMessage(what, walk.total, schemaCostMax))];
}

type Walk = {
  /** Of the schema; what is found wrong with field paths is added. */
  readonly faults: StatusCause[];
  readonly causes: StatusCause[];
  total: number;
  readonly expensive: { field: string; cost: number }[];
  readonly ageOf: AgeOf;
  /** A schema that was accepted before stays so, whatever its rules cost. */
  readonly unchanged: boolean;
};

type Node = {
  readonly schema: Schema;
  readonly path: string;
  readonly isResource: boolean;
  /** How many values can be here in one object; `undefined` when nothing limits them. */
  readonly count: number | undefined;
  /** The first list above whose items have no counterparts in an older object. */
  readonly uncorrelated: string | undefined;
  /** The declaration as the schema above sees it, where that has rules. */
  readonly declare: (() => Declaration | undefined) | undefined;
};

/** Goes through a schema from the inside out, as messages are ordered. */
function visit(walk: Walk, node: Node, isInScope: boolean): void {
  const { schema, path, count } = node;
  const rules = schema["x-kubernetes-validations"] ?? [];
  const inScope = isInScope || rules.length > 0;
  let declared: { is: Declaration | undefined } | undefined;
  const declaration = (): Declaration | undefined => {
    declared ??= { is: node.declare?.() ?? declarationOf(schema, node.isResource, selfTypeName) };
    return declared.is;
  };
  const below = (step: string, inner: Schema, declare: () => Declaration | undefined, change: Partial<Node> = {}) => {
    const isResource = inner["x-kubernetes-embedded-resource"] === true;
    const { uncorrelated } = node;
    const above = inScope ? declare : undefined;
    visit(
      walk,
      {
        uncorrelated,
        ...change,
        schema: inner,
        path: `${path}.${step}`,
        isResource,
        count: counted(count, schema),
        declare: above,
      },
      inScope,
    );
  };
  const values = valueSchema(schema);
  if (values !== undefined) below("additionalProperties", values, () => declaration()?.elements);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    below(`properties[${name}]`, property, () => declaration()?.fields.get(escapeName(name) ?? ""));
  }
  if (schema.items !== undefined) {
    const uncorrelated = schema["x-kubernetes-list-type"] === "map" ? node.uncorrelated : (node.uncorrelated ?? path);
    below("items", schema.items, () => declaration()?.elements, { uncorrelated });
  }
  if (rules.length === 0) return;
  checkFieldPaths(walk, rules, schema, path);
  if (walk.faults.some(({ field = "" }) => field.startsWith(path))) return;
  const type = declaration();
  if (type === undefined) {
    const why = "failed to construct type information for x-kubernetes-validations rules";
    const message = `Internal error: internal error: ${why}: unable to convert structural schema to CEL declarations`;
    walk.causes.push({ reason: "InternalError", message, field: `${path}.x-kubernetes-validations` });
    return;
  }
  for (const [index, compiled] of compileRules(schema, type, walk.ageOf).entries()) {
    judge(walk, node, compiled, {
      at: `${path}.x-kubernetes-validations[${index}]`,
      count: count ?? cardinalityOf(type),
    });
  }
}

/** How many values can be below a schema. */
function counted(count: number | undefined, schema: Schema): number | undefined {
  const { type, additionalProperties, maxItems, maxProperties } = schema;
  const isMap = type === "object" && additionalProperties !== undefined;
  if (type !== "array" && !isMap) return count;
  const limit = isMap ? maxProperties : maxItems;
  return count === undefined || limit === undefined ? undefined : count * Math.max(0, limit);
}

function checkFieldPaths(walk: Walk, rules: readonly ValidationRule[], schema: Schema, path: string): void {
  for (const [index, { fieldPath = "" }] of rules.entries()) {
    if (fieldPath === "" || fieldPathOf(fieldPath, schema) !== undefined) continue;
    const field = `${path}.x-kubernetes-validations[${index}].fieldPath`;
    walk.faults.push(invalidValue(field, fieldPath, "must be a valid path"));
  }
}

function judge(walk: Walk, { uncorrelated }: Node, compiled: CompiledRule, place: { at: string; count: number }): void {
  const { rule, error, message, messageError, usesOldSelf } = compiled;
  const { at, count } = place;
  const { causes } = walk;
  const cost = Math.min(compiled.cost * count, unsignedMax);
  const observe = (field: string, amount: number, what: string) => {
    if (!walk.unchanged && amount > ruleCostMax)
      causes.push(forbiddenValue(field, costMessage(what, amount, ruleCostMax)));
    walk.total = Math.min(walk.total + amount, unsignedMax);
    if (amount >= schemaCostMax / 100) walk.expensive.push({ field, cost: amount });
  };
  observe(`${at}.rule`, cost, "estimated rule cost");
  if (error !== undefined) causes.push(wrongRule(`${at}.rule`, rule, error));
  if (messageError !== undefined) causes.push(wrongRule(`${at}.messageExpression`, rule, messageError));
  else if (message !== undefined) {
    observe(`${at}.messageExpression`, compiled.messageCost, "estimated messageExpression cost");
  }
  if (usesOldSelf && uncorrelated !== undefined) {
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
    causes.push(invalidValue(`${at}.rule`, rule.rule, why));
  } else if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
    const why = "may not be set if oldSelf is not used in rule";
    causes.push(invalidValue(`${at}.optionalOldSelf`, rule.optionalOldSelf, why));
  }
}

/** A fault of a rule, which is shown as the struct that it is in Kubernetes. */
function wrongRule(field: string, rule: ValidationRule, detail: string): StatusCause {
  const { message = "", messageExpression = "", reason = null, fieldPath = "", optionalOldSelf = null } = rule;
  const parts = {
    Rule: rule.rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf,
  };
  const text = Object.entries(parts).map(([name, value]) => `"${name}":${formatGoJson(value)}`);
  return { reason: "FieldValueInvalid", message: `Invalid value: {${text.join()}}: ${detail}`, field };
}

function costMessage(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const times = factor > 100 ? "more than 100x" : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  const advice = "adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared";
  return `${what} exceeds budget by factor of ${times} (try simplifying the rule, or ${advice})`;
}

function hasVersion(crd: KubeObject, name: string): boolean {
  return listAt(crd, "spec", "versions").some((version) => textAt(version, "name") === name);
}

/** Expressions that a CRD already has may use what only stored ones may. */
function ageIn(live: KubeObject | undefined): AgeOf {
  const known = { rule: new Set<string>(), message: new Set<string>() };
  const collect = (schema: unknown): void => {
    if (Array.isArray(schema)) for (const item of schema) collect(item);
    if (!isFields(schema)) return;
    for (const rule of listAt(schema, "x-kubernetes-validations")) {
      known.rule.add(textAt(rule, "rule"));
      known.message.add(textAt(rule, "messageExpression"));
    }
    for (const inner of Object.values(schema)) collect(inner);
  };
  for (const version of listAt(live, "spec", "versions")) collect(fieldsAt(version, "schema", "openAPIV3Schema"));
  return (expression, kind) => (known[kind].has(expression) ? "stored" : "new");
}
