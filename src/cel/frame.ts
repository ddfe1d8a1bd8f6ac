import { EvaluationError, Meter } from "./meter.ts";
import type { Value } from "./values.ts";

/** Values of the variables of an environment. */
export type Variables = { readonly [name: string]: Value | undefined };

/** What a comprehension's variable holds: a value, the error that computing it ended with, or nothing yet. */
export type Held = Value | Thrown | typeof unset;

export const unset: unique symbol = Symbol("unset");

export class Thrown {
  readonly error: EvaluationError;
  constructor(error: EvaluationError) {
    this.error = error;
  }
}

/** One evaluation: its variables, those of comprehensions by number, and its cost. */
export class Frame extends Meter {
  readonly variables: Variables;
  readonly locals: Held[] = [];
  constructor(variables: Variables, costLimit: number) {
    super(costLimit);
    this.variables = variables;
  }
}

export type Run = (frame: Frame) => Value;

/**
 * An expression made ready to run.
 *
 * Names, selections and conditions are attributes: looking one up costs `base` more than its way there, except where it
 * is itself a step on a way, as an index is. `run` is with, `bare` without that.
 */
export type Plan = {
  readonly run: Run;
  readonly bare: Run;
  readonly isAttribute: boolean;
  readonly base: number;
  /** The value, where it is known beforehand. */
  readonly constant: Value | undefined;
};

export function constantPlan(constant: Value): Plan {
  const run = () => constant;
  return { run, bare: run, isAttribute: false, base: 0, constant };
}

export function callPlan(run: Run): Plan {
  return { run, bare: run, isAttribute: false, base: 0, constant: undefined };
}

export function attributePlan(bare: Run, base: number): Plan {
  const run: Run =
    base === 0
      ? bare
      : (frame) => {
          frame.charge(base);
          return bare(frame);
        };
  return { run, bare, isAttribute: true, base, constant: undefined };
}

/** Runs something, and gives the error of the expression instead of throwing it. */
export function attempt(run: Run, frame: Frame): Value | Thrown {
  try {
    return run(frame);
  } catch (error) {
    if (error instanceof EvaluationError) return new Thrown(error);
    throw error;
  }
}
