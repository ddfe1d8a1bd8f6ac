import { itemsAt, type KubeObject, type StatusCause } from "../../../apimachinery/index.ts";
import { boolType } from "../../../cel/index.ts";
import type { ApiResource } from "../../resource.ts";
import { type Compiled, compileExpression, conditionCauses, conditionsHold, conditionTexts } from "../compiled.ts";
import { requestValues, requestVariables } from "../expressions.ts";
import type { Webhook } from "./configuration.ts";
import type { MatchConditions } from "./webhooks.ts";

const variables = requestVariables({ params: false, authorizer: true });

/** Evaluates conditions; each is compiled once, as long as its configuration is stored. */
export function createMatchConditions(): MatchConditions {
  const known = new WeakMap<Webhook, readonly Compiled[]>();
  return (server, webhook, { attempt, request, view }) => {
    const compiled =
      known.get(webhook) ??
      webhook.conditions.map(({ expression }) =>
        compileExpression(expression, { age: "stored", variables }, [boolType]),
      );
    known.set(webhook, compiled);
    const values = requestValues(server, attempt, { request, object: view.object, oldObject: view.oldObject });
    return conditionsHold(compiled, values);
  };
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
      validateCreate: (object) => [...rules.validateCreate(object), ...causesOf(object, undefined)],
      validateUpdate: (object, live, subresource) => [
        ...rules.validateUpdate(object, live, subresource),
        ...causesOf(object, live),
      ],
    },
  };
}

function causesOf(configuration: KubeObject, live: KubeObject | undefined): StatusCause[] {
  const stored = new Set(itemsAt(live, "webhooks").flatMap(conditionTexts));
  return itemsAt(configuration, "webhooks").flatMap((webhook, index) =>
    conditionCauses(webhook, `webhooks[${index}]`, variables, stored),
  );
}
