import { type Fields, itemsAt, textAt } from "../../../apimachinery/index.ts";
import { boolType, dynType, nullType, objectType, stringType, type Type } from "../../../cel/index.ts";
import { type Compiled, compileExpression, conditionTexts, type Setting } from "../compiled.ts";
import { requestVariables } from "../expressions.ts";

/** The expressions of a policy, each compiled or with what is wrong with it. */
export type CompiledPolicy = {
  readonly variables: ReadonlyMap<string, Compiled>;
  readonly conditions: readonly Compiled[];
  readonly validations: readonly Validation[];
  readonly annotations: readonly { readonly key: string; readonly value: Compiled }[];
};

export type Validation = {
  readonly expression: Compiled;
  /** Makes the message; without it, or when it fails, `fixed` is said. */
  readonly message: Compiled | undefined;
  readonly fixed: string;
  readonly reason: string;
};

/** What the values of an audit annotation may be. */
export const annotationTypes: readonly Type[] = [stringType, nullType];

/** Compiles what has been accepted before. @param spec of the policy */
export function compilePolicy(spec: Fields): CompiledPolicy {
  const composed = new Composition();
  const params = spec["paramKind"] !== undefined;
  const all: Setting = {
    age: "stored",
    variables: requestVariables({ params, authorizer: true, variables: composed.type }),
  };
  // Messages are for everybody: what somebody may do is not asked there.
  const messages: Setting = {
    age: "stored",
    variables: requestVariables({ params, authorizer: false, variables: composed.type }),
  };
  for (const { name, expression } of variablesOf(spec)) composed.add(name, compileExpression(expression, all));
  return {
    variables: composed.compiled,
    conditions: conditionTexts(spec).map((text) => compileExpression(text, all, [boolType])),
    validations: itemsAt(spec, "validations").map((validation) => {
      const message = textAt(validation, "messageExpression");
      return {
        expression: compileExpression(textAt(validation, "expression"), all, [boolType]),
        message: message === "" ? undefined : compileExpression(message, messages, [stringType]),
        fixed: textAt(validation, "message").trim(),
        reason: textAt(validation, "reason"),
      };
    }),
    annotations: itemsAt(spec, "auditAnnotations").map((annotation) => ({
      key: textAt(annotation, "key"),
      value: compileExpression(textAt(annotation, "valueExpression"), all, annotationTypes),
    })),
  };
}

/** The variables of a policy by name. */
export function variablesOf(spec: Fields): { name: string; expression: string }[] {
  return itemsAt(spec, "variables").map((variable) => ({
    name: textAt(variable, "name"),
    expression: textAt(variable, "expression"),
  }));
}

/** Variables of a policy: each is of the type that its expression has, and those that come later may use it. */
export class Composition {
  readonly compiled = new Map<string, Compiled>();
  readonly #fields = new Map<string, Type>();
  /** Of `variables`; knows those that have been added. */
  readonly type = objectType("kubernetes.variables", this.#fields);

  add(name: string, compiled: Compiled): void {
    this.compiled.set(name, compiled);
    this.#fields.set(name, known(compiled.type));
  }
}

/** What is known of a variable's type: objects, types and what only functions know count as anything. */
function known(type: Type): Type {
  switch (type.kind) {
    case "list":
    case "map":
      return { ...type, parameters: type.parameters.map(known) };
    case "error":
    case "object":
    case "opaque":
    case "param":
    case "type":
      return dynType;
    default:
      return type;
  }
}
