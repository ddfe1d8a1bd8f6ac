import {
  deepEqual,
  duplicateValue,
  type Fields,
  fieldsAt,
  invalidValue,
  itemsAt,
  type KubeObject,
  requiredValue,
  type StatusCause,
  textAt,
  unsupportedValue,
  validateQualifiedName,
} from "../../../apimachinery/index.ts";
import { boolType, stringType, type Type } from "../../../cel/index.ts";
import type { ApiResource } from "../../resource.ts";
import { compileExpression, conditionCauses, conditionTexts, problemCauses, type Setting } from "../compiled.ts";
import { requestVariables } from "../expressions.ts";
import { annotationTypes, Composition, variablesOf } from "./compile-policy.ts";

/** Audit annotations that a policy may have, and how long the expression of one may be, in bytes; as in Kubernetes. */
const annotationsMax = 20;
const annotationExpressionSizeMax = 5 * 1024;

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];

/** Checks the expressions of ValidatingAdmissionPolicies, beyond the shape of their fields. */
export function withPolicyRules(resource: ApiResource): ApiResource {
  if (resource.storageName !== "validatingadmissionpolicies.admissionregistration.k8s.io") return resource;
  const { rules } = resource;
  return {
    ...resource,
    rules: {
      ...rules,
      validateCreate: (policy) => [...rules.validateCreate(policy), ...policyCauses(policy, undefined)],
      validateUpdate: (policy, live, subresource) => [
        ...rules.validateUpdate(policy, live, subresource),
        ...(subresource === "" ? policyCauses(policy, live) : []),
      ],
    },
  };
}

function policyCauses(policy: KubeObject, live: KubeObject | undefined): StatusCause[] {
  const [spec, before] = [fieldsAt(policy, "spec"), fieldsAt(live, "spec")];
  const judge = new Judge(spec, before);
  const validations = itemsAt(spec, "validations");
  const annotations = itemsAt(spec, "auditAnnotations");
  const start = [...judge.conditions(), ...judge.variables()];
  if (validations.length === 0 && annotations.length === 0) {
    const why = "validations or auditAnnotations must contain at least one item";
    return [...start, ...["spec.validations", "spec.auditAnnotations"].map((field) => requiredValue(field, why))];
  }
  return [
    ...start,
    ...validations.flatMap((validation, index) => judge.validation(validation, `spec.validations[${index}]`)),
    ...judge.annotations(annotations, policy.metadata.name ?? ""),
  ];
}

/** Judges the expressions of one policy; those that it had before may go on using what only stored ones may. */
class Judge {
  readonly #spec: Fields;
  readonly #before: Fields;
  readonly #composed = new Composition();
  readonly #params: boolean;

  constructor(spec: Fields, before: Fields) {
    this.#spec = spec;
    this.#before = before;
    this.#params = spec["paramKind"] !== undefined;
  }

  conditions(): StatusCause[] {
    const [spec, before] = [this.#spec, this.#before];
    const isUnchanged = ["paramKind", "matchConditions"].every((field) => deepEqual(spec[field], before[field]));
    // What did not change was right when it was written.
    if (isUnchanged && before["matchConditions"] !== undefined) return [];
    const variables = requestVariables({ params: this.#params, authorizer: true });
    return conditionCauses(spec, "spec", variables, new Set(conditionTexts(before)));
  }

  variables(): StatusCause[] {
    const stored = this.#storedTexts("validations", "expression");
    return variablesOf(this.#spec).flatMap(({ name, expression }, index) => {
      const at = `spec.variables[${index}]`;
      const causes = nameCauses(name, `${at}.name`);
      if (expression.trim() === "")
        return [...causes, requiredValue(`${at}.expression`, "expression is not specified")];
      const compiled = compileExpression(expression, this.#setting(stored.has(expression), true));
      this.#composed.add(name, compiled);
      return [...causes, ...problemCauses(compiled, `${at}.expression`)];
    });
  }

  validation(validation: Fields, at: string): StatusCause[] {
    const [expression, message] = [textAt(validation, "expression"), textAt(validation, "message")];
    const reason = textAt(validation, "reason");
    const trimmed = message.trim();
    return [
      ...(expression.trim() === ""
        ? [requiredValue(`${at}.expression`, "expression is not specified")]
        : this.#causes(expression, `${at}.expression`, "expression", [boolType])),
      ...this.#messageExpression(textAt(validation, "messageExpression"), `${at}.messageExpression`),
      ...(message !== "" && trimmed === ""
        ? [invalidValue(`${at}.message`, message, "must be non-empty if specified")]
        : /[\n\r]/.test(trimmed)
          ? [invalidValue(`${at}.message`, message, "must not contain line breaks")]
          : []),
      ...(reason === "" || reasons.includes(reason) ? [] : [unsupportedValue(`${at}.reason`, reason, reasons)]),
    ];
  }

  #messageExpression(expression: string, at: string): StatusCause[] {
    if (expression === "") return [];
    if (expression.trim() === "") return [invalidValue(at, expression, "must be non-empty if specified")];
    return this.#causes(expression, at, "messageExpression", [stringType]);
  }

  annotations(annotations: readonly Fields[], policy: string): StatusCause[] {
    const keys = annotations.map((annotation) => textAt(annotation, "key"));
    const causes = annotations.flatMap((annotation, index) => {
      const at = `spec.auditAnnotations[${index}]`;
      const key = keys[index] ?? "";
      return [
        ...(policy === ""
          ? [invalidValue(`${at}.key`, key, "requires metadata.name be non-empty")]
          : qualifiedCauses(`${policy}/${key}`, `${at}.key`)),
        ...this.#annotation(textAt(annotation, "valueExpression"), `${at}.valueExpression`),
        ...(keys.indexOf(key) < index ? [duplicateValue(`${at}.key`, key)] : []),
      ];
    });
    if (annotations.length <= annotationsMax) return causes;
    const why = `must not have more than ${annotationsMax} auditAnnotations`;
    // Shown with the names that the fields have in Go.
    const shown = annotations.map(({ key, valueExpression }) => ({ Key: key, ValueExpression: valueExpression }));
    return [invalidValue("spec.auditAnnotations", shown, why), ...causes];
  }

  #annotation(expression: string, at: string): StatusCause[] {
    const trimmed = expression.trim();
    if (trimmed === "") return [requiredValue(at, "valueExpression is not specified")];
    if (Buffer.byteLength(trimmed) > annotationExpressionSizeMax)
      return [requiredValue(at, `must not exceed ${annotationExpressionSizeMax} bytes in length`)];
    const isStored = this.#storedTexts("auditAnnotations", "valueExpression").has(expression);
    const compiled = compileExpression(trimmed, this.#setting(isStored, true), annotationTypes);
    return problemCauses({ ...compiled, text: expression }, at);
  }

  #causes(expression: string, at: string, field: "expression" | "messageExpression", results: Type[]): StatusCause[] {
    const isStored = this.#storedTexts("validations", field).has(expression);
    const setting = this.#setting(isStored, field === "expression");
    return problemCauses(compileExpression(expression, setting, results), at);
  }

  #setting(isStored: boolean, authorizer: boolean): Setting {
    const hasVariables = variablesOf(this.#spec).length > 0;
    const variables = requestVariables({
      params: this.#params,
      authorizer,
      ...(hasVariables ? { variables: this.#composed.type } : {}),
    });
    return { age: isStored ? "stored" : "new", variables };
  }

  #storedTexts(list: string, field: string): ReadonlySet<string> {
    return new Set(itemsAt(this.#before, list).map((item) => textAt(item, field)));
  }
}

const reserved = new Set(
  (
    "true false null in as break const continue else for function if import let loop package namespace return var void " +
    "while"
  ).split(" "),
);

function nameCauses(name: string, at: string): StatusCause[] {
  if (name.trim() === "") return [requiredValue(at, "name is not specified")];
  const isIdentifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name);
  return isIdentifier ? [] : [invalidValue(at, name, "must be a valid CEL identifier")];
}

function qualifiedCauses(name: string, at: string): StatusCause[] {
  return validateQualifiedName(name).map((problem) => invalidValue(at, name, problem));
}
