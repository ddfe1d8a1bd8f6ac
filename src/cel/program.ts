import { type Checked, check } from "./check.ts";
import type { Environment } from "./environment.ts";
import { Frame, type Run, type Variables } from "./frame.ts";
import { EvaluationError, LimitExceeded } from "./meter.ts";
import { parse } from "./parse.ts";
import { plan } from "./plan.ts";
import { formatIssues } from "./source.ts";
import { errorType, type Type } from "./types.ts";
import { validate } from "./validate.ts";
import type { Value } from "./values.ts";

/** An expression that can be evaluated. */
export type Program = {
  readonly run: Run;
  /** The type of its value. */
  readonly type: Type;
  readonly checked: Checked;
};

/** What is wrong with an expression: with its text, or with computing what is known of it beforehand. */
export type Faults =
  | { readonly faults: "issues"; readonly text: string }
  | { readonly faults: "constant"; readonly text: string; readonly type: Type };

/**
 * Checks an expression and makes it ready to run.
 *
 * @returns the program, or what is wrong in cel-go's words: lines with places and marks for what does not parse or fit, one
 *   line for a constant part that has no value
 */
export function compile(text: string, environment: Environment): Program | Faults {
  const parsed = parse(text, environment.macros);
  if ("issues" in parsed) return { faults: "issues", text: formatIssues(text, parsed.issues) };
  const checked = check(parsed.expression, environment);
  if ("issues" in checked) return { faults: "issues", text: formatIssues(text, checked.issues) };
  const issues = validate(checked);
  if (issues.length > 0) return { faults: "issues", text: formatIssues(text, issues) };
  const type = checked.types.get(checked.expression) ?? errorType;
  try {
    return { run: plan(checked), type, checked };
  } catch (error) {
    if (error instanceof EvaluationError) return { faults: "constant", text: error.message, type };
    throw error;
  }
}

/** Whether a program reads a variable. */
export function usesVariable({ checked }: Program, name: string): boolean {
  for (const reference of checked.references.values()) {
    if (reference.kind === "variable" && reference.name === name) return true;
  }
  return false;
}

/** What came of an evaluation, and what it cost. */
export type Evaluation =
  | { readonly value: Value; readonly error?: undefined; readonly cost: number }
  | { readonly value?: undefined; readonly error: string; readonly cost: number };

/**
 * Evaluates a program.
 *
 * @param costLimit where to give up: the error is then `operation cancelled: actual cost limit exceeded`
 */
export function evaluate({ run }: Program, variables: Variables, costLimit: number): Evaluation {
  const frame = new Frame(variables, costLimit);
  try {
    const value = run(frame);
    return { value, cost: frame.cost };
  } catch (error) {
    if (error instanceof EvaluationError || error instanceof LimitExceeded) {
      return { error: error.message, cost: frame.cost };
    }
    // The engine gave up on a text or a nesting that is too large for it.
    if (error instanceof RangeError) return { error: new LimitExceeded().message, cost: frame.cost };
    throw error;
  }
}
