import {
  duplicateValue,
  invalidValue,
  itemsAt,
  requiredValue,
  type StatusCause,
  textAt,
  tooMany,
  validateQualifiedName,
} from "../../apimachinery/index.ts";
import {
  boolType,
  compile,
  dynType,
  type Evaluation,
  evaluate,
  kubernetesEnvironment,
  nameOfType,
  type Program,
  type Type,
  type Value,
  type Variables,
} from "../../cel/index.ts";

/** What one evaluation may cost, and what all conditions of a webhook or policy may: `PerCallLimit`, `RuntimeCELCostBudgetMatchConditions`. */
const callCostMax = 1_000_000;
const conditionsCostMax = 2_500_000;

/** Conditions that a webhook or policy may have, as in Kubernetes. */
const conditionsMax = 64;

/** An expression about a write: ready to run, or what is wrong with it. */
export type Compiled = {
  readonly text: string;
  /** Of its value; anything, when it does not compile. */
  readonly type: Type;
} & ({ readonly program: Program } | { readonly problem: string; readonly isInternal: boolean });

/** Whether an expression was accepted before, and which variables it has. */
export type Setting = { readonly age: "new" | "stored"; readonly variables: ReadonlyMap<string, Type> };

/** @param results types that its value may have; any, when there are none */
export function compileExpression(text: string, { age, variables }: Setting, results: readonly Type[] = []): Compiled {
  const compiled = compile(text, kubernetesEnvironment(age, variables));
  const broken = (problem: string, isInternal = false): Compiled => ({ text, type: dynType, problem, isInternal });
  if ("faults" in compiled && compiled.faults === "issues") return broken(`compilation failed: ${compiled.text}`);
  const { type } = compiled;
  if (results.length > 0 && !results.some(({ kind }) => kind === type.kind)) {
    const names = results.map(nameOfType);
    const wanted = names.length === 1 ? names[0] : `one of [${names.join(" ")}]`;
    return broken(`must evaluate to ${wanted} but got ${nameOfType(type)}`);
  }
  if ("faults" in compiled) return broken(`program instantiation failed: ${compiled.text}`, true);
  return { text, type, program: compiled };
}

/** What is wrong with an expression, as the cause of an `Invalid` status. */
export function problemCauses(compiled: Compiled, path: string): StatusCause[] {
  if ("program" in compiled) return [];
  const { text, problem, isInternal } = compiled;
  return isInternal
    ? [{ reason: "InternalError", message: `Internal error: ${problem}`, field: path }]
    : [invalidValue(path, text, problem)];
}

/** Expressions have cost more than they may together. */
export class OutOfBudget extends Error {
  constructor() {
    super("validation failed due to running out of cost budget, no further validation rules will be run");
  }
}

/** What expressions may still cost together. */
export class Budget {
  left: number;
  constructor(left: number) {
    this.left = left;
  }
  /** @throws {OutOfBudget} */
  spend(cost: number): void {
    if (cost > this.left) throw new OutOfBudget();
    this.left -= cost;
  }
}

/** Runs a program within what one evaluation may cost. */
export function evaluateOnce(program: Program, values: Variables): Evaluation {
  return evaluate(program, values, callCostMax);
}

/** What came of an expression. */
export type Outcome = { readonly value: Value; readonly error?: undefined } | { readonly error: string };

/**
 * Runs an expression.
 *
 * @param extraCost what reading its variables has cost beside
 * @throws {OutOfBudget}
 */
export function runExpression(
  compiled: Compiled,
  values: Variables,
  budget: Budget,
  extraCost: () => number = () => 0,
): Outcome {
  if (!("program" in compiled)) return { error: `compilation error: ${compiled.problem}` };
  const { value, error, cost } = evaluateOnce(compiled.program, values);
  budget.spend(extraCost());
  budget.spend(cost);
  return error === undefined ? { value } : { error: `expression '${compiled.text}' resulted in error: ${error}` };
}

/**
 * Whether all conditions are true.
 *
 * @throws {Error} when one fails and none is false
 */
export function conditionsHold(conditions: readonly Compiled[], values: Variables, extraCost?: () => number): boolean {
  const budget = new Budget(conditionsCostMax);
  const outcomes = conditions.map((condition) => runExpression(condition, values, budget, extraCost));
  // Whatever the others say: one that is false decides.
  if (outcomes.some((outcome) => outcome.error === undefined && outcome.value === false)) return false;
  const errors = new Set(outcomes.flatMap(({ error }) => error ?? []));
  if (errors.size === 0) return true;
  const [first = ""] = errors;
  throw new Error(errors.size === 1 ? first : `[${[...errors].join(", ")}]`);
}

/**
 * Checks match conditions.
 *
 * @param owner has them in `matchConditions`
 * @param path of the owner
 * @param stored expressions that were accepted before
 */
export function conditionCauses(
  owner: unknown,
  path: string,
  variables: ReadonlyMap<string, Type>,
  stored: ReadonlySet<string>,
): StatusCause[] {
  const conditions = itemsAt(owner, "matchConditions");
  const at = path === "" ? "matchConditions" : `${path}.matchConditions`;
  const names = conditions.map((condition) => textAt(condition, "name"));
  const causes = conditions.flatMap((condition, index) => {
    const name = names[index] ?? "";
    const text = textAt(condition, "expression").trim();
    const age = stored.has(text) ? "stored" : "new";
    const isRepeated = name !== "" && names.indexOf(name) < index;
    const field = `${at}[${index}].name`;
    return [
      ...(text === ""
        ? [requiredValue(`${at}[${index}].expression`)]
        : problemCauses(compileExpression(text, { age, variables }, [boolType]), `${at}[${index}].expression`)),
      ...(name === ""
        ? [requiredValue(field)]
        : validateQualifiedName(name).map((problem) => invalidValue(field, name, problem))),
      ...(isRepeated ? [duplicateValue(field, name)] : []),
    ];
  });
  return conditions.length > conditionsMax ? [tooMany(at, conditions.length, conditionsMax), ...causes] : causes;
}

/** The expressions of match conditions. */
export function conditionTexts(owner: unknown): string[] {
  return itemsAt(owner, "matchConditions").map((condition) => textAt(condition, "expression"));
}
