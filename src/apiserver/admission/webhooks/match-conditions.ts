import {
  duplicateValue,
  invalidValue,
  itemsAt,
  type KubeObject,
  type StatusCause,
  textAt,
  tooMany,
} from "../../../apimachinery/index.ts";
import {
  boolType,
  compile,
  evaluate,
  type Faults,
  formatType,
  kubernetesEnvironment,
  type Program,
} from "../../../cel/index.ts";
import type { ApiResource } from "../../resource.ts";
import { requestValues, requestVariables } from "../expressions.ts";
import type { MatchCondition, Webhook } from "./configuration.ts";
import type { MatchConditions } from "./webhooks.ts";

/** What one expression may cost, and what all conditions of a webhook may; as in Kubernetes. */
const callCostMax = 1_000_000;
const totalCostMax = 2_500_000;

/** Conditions that a webhook may have, as in Kubernetes. */
const conditionsMax = 64;

/** Evaluates conditions; each is compiled once, as long as its configuration is stored. */
export function createMatchConditions(): MatchConditions {
  const known = new WeakMap<Webhook, { condition: MatchCondition; program: Program | string }[]>();
  return (server, webhook, { attempt, request, view }) => {
    const programs = known.get(webhook) ?? webhook.conditions.map(prepare);
    known.set(webhook, programs);
    const values = requestValues(server, attempt, { request, object: view.object, oldObject: view.oldObject });
    const errors: string[] = [];
    let left = totalCostMax;
    for (const { condition, program } of programs) {
      if (typeof program === "string") {
        errors.push(`compilation error: ${program}`);
        continue;
      }
      const { value, error, cost } = evaluate(program, values, callCostMax);
      left -= cost;
      if (left < 0)
        throw new Error("validation failed due to running out of cost budget, no further validation rules will be run");
      if (error !== undefined) errors.push(`expression '${condition.expression}' resulted in error: ${error}`);
      // Whatever the others say: a condition that is false keeps the webhook from being asked.
      else if (value === false) return false;
    }
    if (errors.length > 0) throw new Error(aggregate(errors));
    return true;
  };
}

function aggregate(errors: readonly string[]): string {
  const unique = [...new Set(errors)];
  return unique.length === 1 ? (unique[0] ?? "") : `[${unique.join(", ")}]`;
}

function prepare(condition: MatchCondition): { condition: MatchCondition; program: Program | string } {
  const program = compile(condition.expression, kubernetesEnvironment("stored", requestVariables));
  const problem = problemOf(program);
  return { condition, program: problem ?? ("faults" in program ? "" : program) };
}

function problemOf(program: Program | Faults): string | undefined {
  if ("faults" in program && program.faults === "issues") return `compilation failed: ${program.text}`;
  if (program.type !== boolType) return `must evaluate to bool but got ${formatType(program.type)}`;
  return "faults" in program ? `program instantiation failed: ${program.text}` : undefined;
}

const kinds = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/** Checks the expressions of webhook configurations, beyond the shape of their fields. */
export function withConditionRules(resource: ApiResource): ApiResource {
  if (resource.group !== "admissionregistration.k8s.io" || !kinds.includes(resource.kind)) return resource;
  const { rules } = resource;
  return {
    ...resource,
    rules: {
      ...rules,
      validateCreate: (object) => [...rules.validateCreate(object), ...conditionCauses(object, undefined)],
      validateUpdate: (object, live, subresource) => [
        ...rules.validateUpdate(object, live, subresource),
        ...conditionCauses(object, live),
      ],
    },
  };
}

function conditionCauses(configuration: KubeObject, live: KubeObject | undefined): StatusCause[] {
  const stored = new Set(expressionsOf(live));
  return itemsAt(configuration, "webhooks").flatMap((webhook, index) => {
    const path = `webhooks[${index}].matchConditions`;
    const conditions = itemsAt(webhook, "matchConditions");
    const names = conditions.map((condition) => textAt(condition, "name"));
    const causes = conditions.flatMap((condition, at) => {
      const expression = textAt(condition, "expression");
      const name = names[at] ?? "";
      const isRepeated = name !== "" && names.indexOf(name) < at;
      return [
        ...expressionCauses(expression, `${path}[${at}].expression`, stored.has(expression) ? "stored" : "new"),
        ...(isRepeated ? [duplicateValue(`${path}[${at}].name`, name)] : []),
      ];
    });
    return conditions.length > conditionsMax ? [tooMany(path, conditions.length, conditionsMax), ...causes] : causes;
  });
}

function expressionCauses(expression: string, path: string, age: "new" | "stored"): StatusCause[] {
  if (expression.trim() === "") return [];
  const problem = problemOf(compile(expression, kubernetesEnvironment(age, requestVariables)));
  return problem === undefined ? [] : [invalidValue(path, expression, problem)];
}

function expressionsOf(configuration: KubeObject | undefined): string[] {
  return itemsAt(configuration, "webhooks").flatMap((webhook) =>
    itemsAt(webhook, "matchConditions").map((condition) => textAt(condition, "expression")),
  );
}
