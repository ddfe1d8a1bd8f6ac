import type { Variables } from "../../../cel/index.ts";
import { Budget, type Compiled, conditionsHold, type Outcome, OutOfBudget, runExpression } from "../compiled.ts";
import type { Validation } from "./compile-policy.ts";
import type { Policy } from "./configuration.ts";
import { type ComposedValues, withVariables } from "./variables.ts";

/** What the validations of one policy may cost together for one parameter, and its audit annotations: `RuntimeCELCostBudget`. */
const policyCostMax = 10_000_000;
/** How long a message may be that an expression makes, in bytes: `MaxEvaluatedMessageExpressionSizeBytes`. */
const messageSizeMax = 5 * 1024;

/** What one validation says of a write. */
export type Decision = { readonly denies: boolean; readonly message: string; readonly reason: string };
/** What a policy notes about a write, or why it could not. */
export type Annotation = { readonly key: string; readonly value: string } | { readonly error: string };

export type Evaluated = { readonly decisions: readonly Decision[]; readonly annotations: readonly Annotation[] };

const nothing: Evaluated = { decisions: [], annotations: [] };

/**
 * Asks a policy about a write.
 *
 * @param values without `variables`
 */
export function evaluatePolicy(policy: Policy, values: Variables): Evaluated {
  const { variables, conditions, validations } = policy.compiled();
  const failed = (message: string): Decision => ({ denies: !policy.ignoresFailure, message, reason: "" });
  try {
    if (conditions.length > 0) {
      const composed = withVariables({ ...values, namespaceObject: null }, variables);
      if (!conditionsHold(conditions, composed.values, composed.takeCost)) return nothing;
    }
    const composed = withVariables(values, variables);
    const budget = new Budget(policyCostMax);
    const outcomes = runAll(
      validations.map(({ expression }) => expression),
      composed,
      budget,
    );
    const messages = messagesOf(validations, outcomes, withVariables(values, variables), budget);
    const decisions = validations.map((validation, index): Decision => {
      const outcome = outcomes[index];
      if (outcome === undefined) return admitted;
      if (outcome.error !== undefined) return failed(outcome.error);
      if (messages instanceof OutOfBudget) return failed(`failed messageExpression: ${messages.message}`);
      return outcome.value === true ? admitted : refusal(validation, messages[index]);
    });
    return { decisions, annotations: annotationsOf(policy, values) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { decisions: [failed(error.message)], annotations: [] };
  }
}

const admitted: Decision = { denies: false, message: "", reason: "" };

function runAll(
  expressions: readonly (Compiled | undefined)[],
  { values, takeCost }: ComposedValues,
  budget: Budget,
): (Outcome | undefined)[] {
  return expressions.map((expression) => expression && runExpression(expression, values, budget, takeCost));
}

/** The messages that expressions make, as far as there is something to say. */
function messagesOf(
  validations: readonly Validation[],
  outcomes: readonly (Outcome | undefined)[],
  composed: ComposedValues,
  budget: Budget,
): readonly (Outcome | undefined)[] | OutOfBudget {
  const isSilent = outcomes.every((outcome) => outcome?.error === undefined && outcome?.value === true);
  if (isSilent) return [];
  try {
    return runAll(
      validations.map(({ message }) => message),
      composed,
      budget,
    );
  } catch (error) {
    if (error instanceof OutOfBudget) return error;
    throw error;
  }
}

function refusal({ expression, fixed, reason }: Validation, made: Outcome | undefined): Decision {
  const text = made?.error === undefined && typeof made?.value === "string" ? made.value.trim() : "";
  const isUsable = !text.includes("\n") && Buffer.byteLength(text) <= messageSizeMax;
  const message = (isUsable && text) || fixed || `failed expression: ${expression.text.trim()}`;
  return { denies: true, message, reason: reason || "Invalid" };
}

function annotationsOf(policy: Policy, values: Variables): Annotation[] {
  const { variables, annotations } = policy.compiled();
  if (annotations.length === 0) return [];
  const outcomes = runAll(
    annotations.map(({ value }) => value),
    withVariables(values, variables),
    new Budget(policyCostMax),
  );
  return annotations.flatMap(({ key }, index): Annotation[] => {
    const outcome = outcomes[index];
    if (outcome?.error !== undefined) return policy.ignoresFailure ? [] : [{ error: outcome.error }];
    const value = typeof outcome?.value === "string" ? outcome.value.trim() : "";
    return value === "" ? [] : [{ key, value }];
  });
}
